// The client's side of TLS over a socket that never blocks: the part of OpenSSL's libssl that Bellhop uses. It comes in the
// same Debian package as libcrypto, and libpq has it in the process already.
#pragma once

/// What holds for all connections: which certificates are trusted, which versions are spoken.
typedef struct ssl_ctx_st bellhop_tls_client;
/// One connection.
typedef struct ssl_st bellhop_tls;

enum { BELLHOP_TLS_ENDED = 0, BELLHOP_TLS_WANTS_READ = -1, BELLHOP_TLS_WANTS_WRITE = -2, BELLHOP_TLS_FAILED = -3 };

/// TLS 1.2 and newer, for servers whose certificate is signed by an authority in the PEM file `authorities`, or, if that is
/// NULL, by one that the system trusts. NULL if that cannot be had. Safe from any thread, as is what it gives.
bellhop_tls_client *bellhop_tls_client_new(const char *authorities);
void bellhop_tls_client_free(bellhop_tls_client *client);

/// A connection over `descriptor`, which stays the caller's, to a server that must prove that it is `host`: a name, or an
/// address if `is_address`. NULL when memory is short or the name cannot be one. Used by one thread at a time.
bellhop_tls *bellhop_tls_open(bellhop_tls_client *client, int descriptor, const char *host, int is_address);
void bellhop_tls_free(bellhop_tls *tls);

/// Goes on with the handshake: 1 when it is complete, else one of the words above.
int bellhop_tls_handshake(bellhop_tls *tls);

/// The number of bytes that were read or written, or one of the words above.
int bellhop_tls_read(bellhop_tls *tls, void *bytes, int count);
int bellhop_tls_write(bellhop_tls *tls, const void *bytes, int count);
