// watch.h - what a call asks of heap, system and stack.
#ifndef LIBRARY_WATCH_H
#define LIBRARY_WATCH_H

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern long allocations; // counted by heap.cpp

inline size_t deepest = 0;

// Calls good() in a process of its own that may make no system call but to end. Says what is wrong, or nothing.
template <class Good> std::string watchSystem(const Good &good) {
  fflush(stdout);
  const pid_t child = fork();
  if (child < 0)
    return "cannot be watched: no process";
  if (child == 0) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
      _exit(3);
    const long before = allocations;
    const bool fine = good();
    const int code = allocations != before ? 4 : fine ? 0 : 5;
    syscall(SYS_exit_group, code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == 31 ? "makes a system call" : "ends by signal " + std::to_string(WTERMSIG(status));
  switch (WEXITSTATUS(status)) {
  case 0: return "";
  case 3: return "cannot be watched: no seccomp";
  case 4: return "takes memory from the heap";
  default: return "gives another status than expected";
  }
}

// Bytes of stack that work() takes, on a thread whose stack was painted.
template <class Work> size_t stackOf(const Work &work) {
  constexpr size_t size = 1 << 20;
  constexpr unsigned char paint = 0xc3;
  auto *stack = static_cast<unsigned char *>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::fill(stack, stack + size, paint);
  struct Call {
    const Work &work;
    unsigned char *stack, *top;
  } call = {work, stack, nullptr};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, size);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, [](void *arg) -> void * {
        Call &call = *static_cast<Call *>(arg);
        unsigned char here = 0;
        call.top = &here;
        // What starting the thread left below is painted over, but for this function's own frame and the red zone.
        for (volatile unsigned char *p = call.stack; p < &here - 4096; ++p)
          *p = paint;
        call.work();
        return nullptr;
      }, &call)) {
    perror("pthread_create");
    _exit(2);
  }
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  const unsigned char *lowest = stack;
  while (*lowest == paint)
    ++lowest;
  const size_t depth = size_t(call.top - lowest);
  munmap(stack, size);
  return depth;
}

#endif
