"""Tenants with rooms and people, written by SQL as the owner of everything, and tokens for these people."""

import base64
import dataclasses
import hashlib
import hmac
import json
import time
import uuid

from .postgres import Postgres

JWT_KEY = bytes(range(32))
JWT_SECRETS = "cluster:" + base64.b64encode(JWT_KEY).decode()
TOKEN_SECONDS = 15 * 60


@dataclasses.dataclass(frozen=True)
class Person:
    """A user of a tenant, with one session."""

    tenant: str
    id: str
    session: str
    email: str
    role: str

    def token(self, seconds: int = TOKEN_SECONDS) -> str:
        """An access token as a node would sign it."""
        now = int(time.time())
        return signed({
            "iss": "bellhop", "aud": "bellhop", "sub": self.id, "tid": self.tenant, "sid": self.session, "epoch": 1,
            "jti": str(uuid.uuid4()), "iat": now, "nbf": now, "exp": now + seconds,
        })

    def bearer(self, seconds: int = TOKEN_SECONDS) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(seconds)}"}


@dataclasses.dataclass(frozen=True)
class Tenant:
    """A hotel: one property, its rooms, a manager, an attendant."""

    id: str
    slug: str
    property: str
    room_type: str
    rooms: list[str]
    manager: Person
    agent: Person

    @property
    def channel(self) -> str:
        """Where everything is told that happens to rooms."""
        return f"private-tenant.{self.id}.property.{self.property}"

    @property
    def people(self) -> list[Person]:
        return [self.manager, self.agent]


def signed(claims: dict) -> str:
    """These claims with the nodes' own signature."""
    text = _part({"alg": "HS256", "typ": "JWT", "kid": "cluster"}) + "." + _part(claims)
    return text + "." + _base64(hmac.digest(JWT_KEY, text.encode(), "sha256"))


def claims_of(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def made(count: int, rooms: int) -> list[Tenant]:
    """Tenants whose ids are the same in every run."""
    return [_tenant(f"hotel-{number + 1}", rooms) for number in range(count)]


def _tenant(slug: str, rooms: int) -> Tenant:
    tenant = _id(slug, "tenant")

    def person(name: str, role: str) -> Person:
        return Person(tenant, _id(slug, name), _id(slug, name, "session"), f"{name}@{slug}.example", role)

    return Tenant(
        tenant, slug, _id(slug, "property"), _id(slug, "room type"), [_id(slug, "room", str(n)) for n in range(rooms)],
        person("manager", "property_manager"), person("agent", "front_desk_agent"))


async def open_hotels(postgres: Postgres, tenants: list[Tenant]) -> None:
    """Writes them."""
    if not tenants:
        return
    await postgres.run("begin;\n" + "\n".join(_script(tenant) for tenant in tenants) + "\ncommit;")


def _script(tenant: Tenant) -> str:
    t = f"'{tenant.id}'"
    rooms = ", ".join(
        f"({t}, '{room}', '{tenant.property}', '{101 + number}', '{tenant.room_type}', '1', '2026-01-01')"
        for number, room in enumerate(tenant.rooms))
    return f"""
        select set_config('bellhop.tenant', {t}, true);
        insert into bellhop.tenant (tenant_id, name, slug, status, contact_email, currency)
        values ({t}, 'Hotel {tenant.slug}', '{tenant.slug}', 'active', 'owner@{tenant.slug}.example', 'EUR');
        insert into bellhop.property (tenant_id, id, code, name, timezone, currency, status, business_date)
        values ({t}, '{tenant.property}', 'MAIN', 'Main house of {tenant.slug}', 'Europe/Athens', 'EUR', 'live',
                current_date);
        insert into bellhop.department (tenant_id, id, property_id, code, slug, name, kind)
        values ({t}, '{_id(tenant.slug, "hk")}', '{tenant.property}', 'HK', 'hk', 'Housekeeping', 'housekeeping');
        insert into bellhop.room_type (tenant_id, id, property_id, code, name, base_occupancy, max_occupancy)
        values ({t}, '{tenant.room_type}', '{tenant.property}', 'DBL', 'Double', 2, 3);
        insert into bellhop.room (tenant_id, id, property_id, number, room_type_id, floor, active_from) values {rooms};
        """ + "\n".join(_person_script(person) for person in tenant.people)


def _person_script(person: Person) -> str:
    family = hashlib.sha256(person.session.encode()).hexdigest()
    return f"""
        insert into bellhop.app_user (tenant_id, id, email, name, password_hash, status)
        values ('{person.tenant}', '{person.id}', '{person.email}', 'Ana {person.role}', 'none', 'active');
        insert into bellhop.role_assignment (tenant_id, id, user_id, built_in_role)
        values ('{person.tenant}', gen_random_uuid(), '{person.id}', '{person.role}');
        insert into bellhop.user_session
            (tenant_id, id, user_id, device_id, family_hash, current_hashes, rotated_at, token_epoch, started_at,
             expires_at)
        values ('{person.tenant}', '{person.session}', '{person.id}', gen_random_uuid(), decode('{family}', 'hex'),
                array[decode('{family}', 'hex')], now(), 1, now(), now() + interval '1 day');
        """


def _id(*words: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(("bellhop-cluster", *words))))


def _part(value: dict) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
