// Keeps, whenever a program syncs a database, a copy of the file as it is then: what a power cut would leave at worst.
// Loaded into a process before its own libraries (LD_PRELOAD); SYNCED_FILES names the folder of the copies.
// The file is read through the descriptor that is synced: closing another one would give up SQLite's locks.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Two threads may sync the log at the same time. The later copy is the one that stays.
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void keep(int fd) {
    const char *folder = getenv("SYNCED_FILES");
    char link[64], path[PATH_MAX], part[2 * PATH_MAX], whole[2 * PATH_MAX], block[65536];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (folder == NULL || length <= 0) return;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    if (name == NULL || strstr(name, ".db") == NULL) return;
    snprintf(whole, sizeof whole, "%s%s", folder, name);
    snprintf(part, sizeof part, "%s.part", whole);
    int to = open(part, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    off_t at = 0;
    ssize_t read = 0;
    while (to >= 0 && (read = pread(fd, block, sizeof block, at)) > 0) {
        if (write(to, block, read) != read) break;
        at += read;
    }
    if (to < 0 || close(to) != 0 || read != 0) abort();
    // A process that is killed meanwhile has not been told that its sync was done.
    if (rename(part, whole) != 0) abort();
}

static void keep_alone(int fd) {
    if (pthread_mutex_lock(&one_at_a_time) != 0) abort();
    keep(fd);
    if (pthread_mutex_unlock(&one_at_a_time) != 0) abort();
}

int fsync(int fd) {
    keep_alone(fd);
    return syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    keep_alone(fd);
    return syscall(SYS_fdatasync, fd);
}
