/* What does not hold: a supervisor that judges the arguments while the call waits and then lets it go
   on. naive_supervisor FORBIDDEN COMMAND...; refuses commands whose first argument is FORBIDDEN. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int filtered(void) {
  struct sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_execve},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  struct sock_fprog program = {4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void pass(int socket, int fd) {
  char byte = 'x', control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec bytes = {&byte, 1};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  sendmsg(socket, &message, 0);
}

static int passed(int socket) {
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec bytes = {&byte, 1};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = sizeof control};
  int fd;
  if (recvmsg(socket, &message, 0) != 1) exit(1);
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

static void remote(pid_t pid, unsigned long address, void *into, size_t size) {
  struct iovec to = {into, size}, from = {(void *)address, size};
  memset(into, 0, size);
  process_vm_readv(pid, &to, 1, &from, 1, 0);
}

static int forbidden(pid_t pid, unsigned long argv, const char *word) {
  unsigned long address;
  char text[64];
  remote(pid, argv + sizeof address, &address, sizeof address);
  if (address == 0) return 0;
  remote(pid, address, text, sizeof text - 1);
  text[sizeof text - 1] = 0;
  return !strcmp(text, word);
}

int main(int argc, char **argv) {
  int ends[2];
  if (argc < 3) return 64;
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
  pid_t child = fork();
  if (child == 0) {
    int listener = filtered();
    pass(ends[1], listener);
    close(listener);
    execv(argv[2], argv + 2);
    return 1;
  }
  int listener = passed(ends[0]);
  for (;;) {
    struct pollfd ready = {listener, POLLIN, 0};
    struct seccomp_notif call = {0};
    struct seccomp_notif_resp answer = {0};
    poll(&ready, 1, -1);
    if (ready.revents & POLLHUP) return waitpid(child, NULL, 0) < 0;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) continue;
    answer.id = call.id;
    if (forbidden(call.pid, call.data.args[1], argv[1])) {
      answer.error = -EPERM;
    } else {
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}
