#include "shim.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>

// OpenSSL 3 looks an algorithm up by name, under a lock, whenever it is not given a fetched one: that look-up costs
// more than hashing a short message. These are fetched once and live as long as the process.
static EVP_MD *md5;
static EVP_MD *sha1;
static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

// Each thread keeps the context in which it hashes: making and freeing one costs as much as hashing a short message.
static pthread_key_t contexts;
static _Thread_local EVP_MD_CTX *context;

static void free_context(void *of_thread) { EVP_MD_CTX_free(of_thread); }

static void fetch(void) {
    md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    pthread_key_create(&contexts, free_context);
}

static int hash(EVP_MD *algorithm, const void *bytes, size_t count, unsigned char *digest) {
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        pthread_setspecific(contexts, context);
    }
    return algorithm != NULL && context != NULL && EVP_DigestInit_ex2(context, algorithm, NULL) == 1 &&
           EVP_DigestUpdate(context, bytes, count) == 1 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

int bellhop_md5(const void *bytes, size_t count, unsigned char *digest) {
    pthread_once(&fetched, fetch);
    return hash(md5, bytes, count, digest);
}

int bellhop_sha1(const void *bytes, size_t count, unsigned char *digest) {
    pthread_once(&fetched, fetch);
    return hash(sha1, bytes, count, digest);
}

int bellhop_sha256(const void *bytes, size_t count, unsigned char *digest) {
    pthread_once(&fetched, fetch);
    return hash(sha256, bytes, count, digest);
}

EVP_MAC_CTX *bellhop_hmac_sha256(const void *key, size_t count) {
    pthread_once(&fetched, fetch);
    EVP_MAC_CTX *context = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    if (context == NULL) return NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA2-256", 0),
        OSSL_PARAM_construct_end(),
    };
    // A NULL key means "keep the old one" to OpenSSL; an empty key is a key.
    const void *material = key == NULL ? "" : key;
    if (EVP_MAC_init(context, material, count, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

int bellhop_hmac_restart(EVP_MAC_CTX *keyed) { return EVP_MAC_init(keyed, NULL, 0, NULL); }
