// The part of libcrypto that Bellhop uses, behind functions that fetch each algorithm once per process.
#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stddef.h>

/// MD5 of `count` bytes into 16 bytes at `digest`; 1 on success. Safe from any thread.
int bellhop_md5(const void *bytes, size_t count, unsigned char *digest);

/// SHA-1 of `count` bytes into 20 bytes at `digest`; 1 on success. Safe from any thread.
int bellhop_sha1(const void *bytes, size_t count, unsigned char *digest);

/// SHA-256 of `count` bytes into 32 bytes at `digest`; 1 on success. Safe from any thread.
int bellhop_sha256(const void *bytes, size_t count, unsigned char *digest);

/// A new HMAC-SHA-256 context that holds `key`, to be freed with EVP_MAC_CTX_free; NULL when memory is short.
EVP_MAC_CTX *bellhop_hmac_sha256(const void *key, size_t count);

/// Makes `keyed` ready for another message under the key that it holds; 1 on success.
int bellhop_hmac_restart(EVP_MAC_CTX *keyed);
