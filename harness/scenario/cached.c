#include "scenario/cached.h"

#include "os/os.h"
#include "os/process.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 64 * 1024, FOLDERS_AT_ONCE = 8 };

static int read_whole(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)place;
  char chunk[CHUNK];
  const int fd =
      kind == FTW_F && S_ISREG(status->st_mode) ? wx_os_open(path, O_RDONLY | O_NONBLOCK, 0) : -1;
  if (fd < 0)
    return 0;
  while (wx_os_read(fd, chunk, sizeof chunk) > 0)
    ;
  wx_os_close_reader(fd);
  return 0;
}

static void read_all(const char *folder) {
  (void)nftw(folder, read_whole, FOLDERS_AT_ONCE, FTW_PHYS);
}

void wx_cache_files(const WxInstalledRuntime *runtime, const char *program) {
  static const char *const parts[] = {"shared/Microsoft.NETCore.App", "host/fxr"};
  char path[PATH_MAX];
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
    const int length =
        snprintf(path, sizeof path, "%s/%s/%s", runtime->root, parts[i], runtime->version);
    if (length > 0 && (size_t)length < sizeof path)
      read_all(path);
  }
  const char *name = strrchr(program, '/');
  if (name && name - program < PATH_MAX - 1) {
    snprintf(path, sizeof path, "%.*s", (int)(name - program), program);
    read_all(path);
  }
}
