/* Preloaded: the call number FAULT_AT on a file whose name has FAULT_IN fails with EIO, and with FAULT_FOREVER=1 all after it.
   Counted are writes and syncs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int fails(int file) {
    const char *at = getenv("FAULT_AT"), *in = getenv("FAULT_IN"), *forever = getenv("FAULT_FOREVER");
    char link[64], path[4096];
    if (!at || !in) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, in)) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1, wanted = atol(at);
    if (call != wanted && !(forever && call > wanted)) return 0;
    errno = EIO;
    return 1;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

int fsync(int file) { REAL(int, "fsync", int); return fails(file) ? -1 : real(file); }
int fdatasync(int file) { REAL(int, "fdatasync", int); return fails(file) ? -1 : real(file); }
ssize_t write(int file, const void *from, size_t bytes) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails(file) ? -1 : real(file, from, bytes);
}
ssize_t pwrite(int file, const void *from, size_t bytes, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fails(file) ? -1 : real(file, from, bytes, at);
}
ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fails(file) ? -1 : real(file, from, bytes, at);
}
