/* Preloaded by test_resume.py: fdatasync fails from the n-th call on (FAIL_SYNC), write to a journal fails
   with ENOSPC from the n-th on (FAIL_WRITE), once where FAIL_ONCE is set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int due(const char* name, int* calls) {
  const char* wish = getenv(name);
  if (wish == NULL) return 0;
  ++*calls;
  return getenv("FAIL_ONCE") != NULL ? *calls == atoi(wish) : *calls >= atoi(wish);
}

static int is_journal(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, ".journal") != NULL;
}

int fdatasync(int descriptor) {
  static int calls = 0;
  if (due("FAIL_SYNC", &calls)) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(descriptor);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static int calls = 0;
  ssize_t (*real)(int, const void*, size_t) =
      (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  static int failures = 0;
  if (is_journal(descriptor) && due("FAIL_WRITE", &calls)) {
    if (++failures == 1 && count > 100) return real(descriptor, bytes, 57); /* short at first */
    errno = ENOSPC;
    return -1;
  }
  return real(descriptor, bytes, count);
}
