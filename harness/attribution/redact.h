/**
   @file redact.h
   Takes names out of what is attached to a public issue: paths of the user's own files and values
   of environment variables.

   Kept are paths of the system and the runtime (libraries right in /usr/lib and its like, /dev but
   for names in /dev/shm, the folders of dotnet, the runtime's memfds, Microsoft.NETCore.App), and
   settings of .NET's memory and of malloc that are no paths. The same path gets the same substitute
   throughout.
*/
#ifndef WX_ATTRIBUTION_REDACT_H
#define WX_ATTRIBUTION_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/// Which paths were replaced. Start with {0}, end with wx_redactor_free().
typedef struct {
  char **paths;
  size_t count;
  size_t capacity;
} WxRedactor;

/// Writes `path`, or its substitute such as `/redacted-3.dll`, into `target`. NULL is empty.
void wx_redact_path(WxRedactor *redactor, const char *path, char *target, size_t size);

/// Each writes one line (without its end) to `stream`, with a line end; where `redactor` is NULL
/// unchanged. Return 0 or -ENOMEM.
int wx_redact_maps_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream);
int wx_redact_plain_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream);

/// The same for a line of /proc/PID/status, which names the program.
int wx_redact_status_line(WxRedactor *redactor, const char *line, size_t length, FILE *stream);

/// The same for NAME=value; what has no `=` is all value.
int wx_redact_variable(WxRedactor *redactor, const char *variable, size_t length, FILE *stream);

/// Whether an assembly of this name is the runtime's own, and may be named.
bool wx_redact_keeps_assembly(const char *name);

/// Whether a program of this name is the runtime's own: any other tells whose it is.
bool wx_redact_keeps_program(const char *name);

void wx_redactor_free(WxRedactor *redactor);

#endif
