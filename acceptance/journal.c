/* Preloaded: notes every write, truncation, removal and sync of files whose name has JOURNAL_IN in the file JOURNAL_TO, each with the
   time at which it was asked for, a sync with the time at which it was done. A record is a line "time call path offset length",
   which the bytes of a write follow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static int journal(void) {
    static int file = -2;
    if (file == -2) {
        const char *to = getenv("JOURNAL_TO");
        file = to ? (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    return file;
}

static void note(const char *call, const char *path, off_t at, size_t length, const void *bytes) {
    const char *in = getenv("JOURNAL_IN");
    if (!in || !strstr(path, in) || strstr(path, "-shm")) return;
    pthread_mutex_lock(&one);
    if (journal() >= 0) {
        struct timespec now;
        char line[4400];
        clock_gettime(CLOCK_MONOTONIC, &now);
        int head = snprintf(line, sizeof line, "%lld %s %s %lld %zu\n", now.tv_sec * 1000000000LL + now.tv_nsec, call, path, (long long)at, length);
        struct iovec parts[2] = {{line, (size_t)head}, {(void *)bytes, bytes ? length : 0}};
        syscall(SYS_writev, journal(), parts, 2);
    }
    pthread_mutex_unlock(&one);
}

static void note_file(const char *call, int file, off_t at, size_t length, const void *bytes) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return;
    path[size] = 0;
    note(call, path, at, length, bytes);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

int fsync(int file) { REAL(int, "fsync", int); int done = real(file); if (!done) note_file("sync", file, 0, 0, NULL); return done; }
int fdatasync(int file) { REAL(int, "fdatasync", int); int done = real(file); if (!done) note_file("sync", file, 0, 0, NULL); return done; }
ssize_t pwrite(int file, const void *from, size_t bytes, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    note_file("write", file, at, bytes, from);
    return real(file, from, bytes, at);
}
ssize_t pwrite64(int file, const void *from, size_t bytes, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    note_file("write", file, at, bytes, from);
    return real(file, from, bytes, at);
}
ssize_t write(int file, const void *from, size_t bytes) {
    REAL(ssize_t, "write", int, const void *, size_t);
    off_t at = lseek(file, 0, SEEK_CUR);
    if (at >= 0) note_file("write", file, at, bytes, from);
    return real(file, from, bytes);
}
int ftruncate(int file, off_t length) { REAL(int, "ftruncate", int, off_t); note_file("cut", file, length, 0, NULL); return real(file, length); }
int ftruncate64(int file, off64_t length) { REAL(int, "ftruncate64", int, off64_t); note_file("cut", file, length, 0, NULL); return real(file, length); }
int unlink(const char *path) { REAL(int, "unlink", const char *); note("gone", path, 0, 0, NULL); return real(path); }
