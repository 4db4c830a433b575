/* Ways to execute a program that no shell has a part in: exec_ways WAY FILE, to run "touch FILE".

   built with cc -O1 -static -pthread -o exec_ways exec_ways.c */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char *kTouch = "/usr/bin/touch";

static int waited(pid_t child) {
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int fexec(const char *file) {
  char *argv[] = {"harmless", (char *)file, NULL};
  int fd = open(kTouch, O_RDONLY | O_CLOEXEC);
  syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  return 1;
}

static int proc_fd(const char *file) {
  char *argv[] = {"harmless", (char *)file, NULL};
  int fd = open(kTouch, O_RDONLY);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  execve(path, argv, environ);
  return 1;
}

/* A copy in memory, without a name. */
static int memory(const char *file) {
  char *argv[] = {"touch", (char *)file, NULL};
  int from = open(kTouch, O_RDONLY), to = memfd_create("x", 0);
  char bytes[65536];
  ssize_t count;
  while ((count = read(from, bytes, sizeof bytes)) > 0) {
    if (write(to, bytes, count) != count) return 1;
  }
  syscall(SYS_execveat, to, "", argv, environ, AT_EMPTY_PATH);
  return 1;
}

/* A thread that is not the process's first. */
static void *in_thread(void *file) {
  char *argv[] = {"touch", file, NULL};
  execve(kTouch, argv, environ);
  return NULL;
}
static int thread(const char *file) {
  pthread_t one;
  pthread_create(&one, NULL, in_thread, (void *)file);
  pthread_join(one, NULL);
  return 1;
}

static int vfork_storm(const char *file) {
  char *argv[] = {"touch", (char *)file, NULL};
  for (int i = 0; i < 300; ++i) {
    pid_t child = vfork();
    if (child == 0) {
      execve(kTouch, argv, environ);
      _exit(1);
    }
    waited(child);
  }
  return 0;
}

/* Seen by others, whatever the compiler thinks of it. */
static void set(volatile char *to, const char *text) {
  do {
    *to++ = *text;
  } while (*text++ != 0);
}

/* The memory of the arguments is another process's as well. */
static int shared_memory(const char *file) {
  char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 300; ++i) {
    strcpy(shared, "allowed");
    pid_t writer = fork();
    if (writer == 0) {
      for (;;) {
        set(shared, file);
        set(shared, "allowed");
      }
    }
    pid_t child = fork();
    if (child == 0) {
      char *argv[] = {"touch", shared, NULL};
      execve(kTouch, argv, environ);
      _exit(1);
    }
    waited(child);
    kill(writer, SIGKILL);
    waited(writer);
    if (access(file, F_OK) == 0) return 0;
  }
  return 0;
}

/* A second thread changes the argument while the first executes, again and again. */
static char racing[64];
static char racing_path[64];
static const char *target;
static void *flip(void *unused) {
  (void)unused;
  for (;;) {
    set(racing, target);
    set(racing, "allowed");
  }
  return NULL;
}
static void *flip_path(void *unused) {
  (void)unused;
  for (;;) {
    set(racing_path, "/usr/bin/touch");
    set(racing_path, "/usr/bin/false");
  }
  return NULL;
}
static int race(const char *file, void *(*flipper)(void *), char *path, char *argument) {
  target = file;
  for (int i = 0; i < 400 && access(file, F_OK) != 0; ++i) {
    pid_t child = fork();
    if (child == 0) {
      pthread_t one;
      pthread_create(&one, NULL, flipper, NULL);
      usleep(50);
      char *argv[] = {"touch", argument, NULL};
      execve(path, argv, environ);
      _exit(1);
    }
    waited(child);
  }
  return 0;
}

/* Runs itself by another name. */
static int itself(const char *file) {
  char *argv[] = {"exec_ways", "really", (char *)file, NULL};
  execve("/proc/self/exe", argv, environ);
  return 1;
}

static int really(const char *file) { return open(file, O_CREAT | O_WRONLY, 0644) < 0; }

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  const char *way = argv[1], *file = argv[2];
  if (!strcmp(way, "fexec")) return fexec(file);
  if (!strcmp(way, "proc-fd")) return proc_fd(file);
  if (!strcmp(way, "memory")) return memory(file);
  if (!strcmp(way, "thread")) return thread(file);
  if (!strcmp(way, "vfork-storm")) return vfork_storm(file);
  if (!strcmp(way, "shared-memory")) return shared_memory(file);
  if (!strcmp(way, "race-argument")) {
    strcpy(racing, "allowed");
    return race(file, flip, (char *)kTouch, racing);
  }
  if (!strcmp(way, "race-path")) {
    strcpy(racing_path, "/usr/bin/false");
    return race(file, flip_path, racing_path, (char *)file);
  }
  if (!strcmp(way, "itself")) return itself(file);
  if (!strcmp(way, "really")) return really(file);
  if (!strcmp(way, "static")) {
    char *words[] = {"touch", (char *)file, NULL};
    execve(kTouch, words, environ);
    return 1;
  }
  return 64;
}
