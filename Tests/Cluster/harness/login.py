"""People of the demo hotels, who sign in as people do."""

import dataclasses
import json
import time
import uuid

from .cluster import Cluster, run_program
from .hotel import claims_of, signed
from .http import Answer, HTTPClient

PASSWORD = "cluster-demo-password"


@dataclasses.dataclass
class SignedIn:
    """One session of one person."""

    email: str
    user: str
    tenant: str
    properties: list[str]
    access_token: str
    refresh_token: str
    session: str

    @property
    def channel(self) -> str:
        return f"private-tenant.{self.tenant}.property.{self.properties[0]}"

    def token(self) -> str:
        return self.access_token

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def short_token(self, seconds: int) -> str:
        """The same token with less time to live."""
        now = int(time.time())
        return signed(claims_of(self.access_token) | {"exp": now + seconds, "jti": str(uuid.uuid4())})


async def seed(cluster: Cluster) -> None:
    """Loads the demo hotels."""
    await run_program(
        cluster.program, "seed-demo", DATABASE_URL=cluster.postgres.node_url(), BELLHOP_DEMO_PASSWORD=PASSWORD)


async def sign_in(base: str, email: str, password: str = PASSWORD) -> SignedIn:
    answer = await call(base, "POST", "/v1/auth/login", {"email": email, "password": password, "client": "native"})
    if answer.status != 200:
        raise RuntimeError(f"{email} cannot sign in: {answer.status} {answer.body[:300]!r}")
    said = answer.json()
    user = said["user"]
    claims = claims_of(said["access_token"])
    return SignedIn(
        email, claims["sub"], user["tenant_id"], user["properties"], said["access_token"], said["refresh_token"],
        claims["sid"])


async def call(
    base: str, method: str, path: str, body: object = None, *, fields: dict[str, str] | None = None
) -> Answer:
    """One request with a JSON body, if it has one."""
    client = HTTPClient(base)
    try:
        data = None if body is None else json.dumps(body).encode()
        more = {} if body is None else {"Content-Type": "application/json"}
        return await client.request(method, path, body=data, fields=more | (fields or {}), seconds=15)
    finally:
        client.close()
