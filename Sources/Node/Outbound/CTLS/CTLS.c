#include "CTLS.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

bellhop_tls_client *bellhop_tls_client_new(const char *authorities) {
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    if (client == NULL) return NULL;
    int trusts = authorities == NULL ? SSL_CTX_set_default_verify_paths(client)
                                     : SSL_CTX_load_verify_locations(client, authorities, NULL);
    if (trusts != 1 || SSL_CTX_set_min_proto_version(client, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(client);
        return NULL;
    }
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(client, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return client;
}

void bellhop_tls_client_free(bellhop_tls_client *client) { SSL_CTX_free(client); }

bellhop_tls *bellhop_tls_open(bellhop_tls_client *client, int descriptor, const char *host, int is_address) {
    SSL *tls = SSL_new(client);
    if (tls == NULL) return NULL;
    int is_ready = SSL_set_fd(tls, descriptor) == 1;
    if (is_address) {
        is_ready = is_ready && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
    } else {
        // RFC 6066 3: the server is told which name it was called by; never an address.
        SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        is_ready = is_ready && SSL_set_tlsext_host_name(tls, host) == 1 && SSL_set1_host(tls, host) == 1;
    }
    if (!is_ready) {
        SSL_free(tls);
        return NULL;
    }
    SSL_set_connect_state(tls);
    return tls;
}

void bellhop_tls_free(bellhop_tls *tls) { SSL_free(tls); }

static int word(bellhop_tls *tls, int result) {
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ: return BELLHOP_TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE: return BELLHOP_TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN: return BELLHOP_TLS_ENDED;
    default: return BELLHOP_TLS_FAILED;
    }
}

// What is left in the thread's queue of errors would be taken for the next call's.
int bellhop_tls_handshake(bellhop_tls *tls) {
    ERR_clear_error();
    int result = SSL_do_handshake(tls);
    return result == 1 ? 1 : word(tls, result);
}

int bellhop_tls_read(bellhop_tls *tls, void *bytes, int count) {
    ERR_clear_error();
    int result = SSL_read(tls, bytes, count);
    return result > 0 ? result : word(tls, result);
}

int bellhop_tls_write(bellhop_tls *tls, const void *bytes, int count) {
    ERR_clear_error();
    int result = SSL_write(tls, bytes, count);
    return result > 0 ? result : word(tls, result);
}
