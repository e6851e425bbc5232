// Sends a signal to one thread of a process, found by its name:
//   signal_thread PID NAME SIGNAL
// What a shell's kill sends goes to any thread of the process, the first one as a rule. Exit status
// 1 where there is no such thread.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { USAGE = 2, PATH_SIZE = 512, NAME_SIZE = 32 };

static int is_called(const char *pid, const char *thread, const char *name) {
  char path[PATH_SIZE];
  char text[NAME_SIZE] = "";
  (void)snprintf(path, sizeof path, "/proc/%s/task/%s/comm", pid, thread);
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  (void)!fgets(text, sizeof text, file);
  (void)fclose(file);
  text[strcspn(text, "\n")] = '\0';
  return strcmp(text, name) == 0;
}

int main(int argc, char **argv) {
  if (argc != 4 || strlen(argv[1]) > NAME_SIZE)
    return USAGE;
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "/proc/%s/task", argv[1]);
  DIR *threads = opendir(path);
  int sent = 0;
  for (struct dirent *entry; threads && !sent && (entry = readdir(threads));)
    if (is_called(argv[1], entry->d_name, argv[2]))
      sent = syscall(SYS_tgkill, atoi(argv[1]), atoi(entry->d_name), atoi(argv[3])) == 0;
  if (threads)
    (void)closedir(threads);
  return !sent;
}
