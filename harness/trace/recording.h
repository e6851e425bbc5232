/**
   @file recording.h
   Runs a program with libwxrecord.so, which writes a trace of what the program's .NET runtime asks
   of its executable memory.
*/
#ifndef WX_TRACE_RECORDING_H
#define WX_TRACE_RECORDING_H

/// Makes ready to record into `path`: an old recording of that name is removed. On success the
/// caller frees `*absolute`. -EEXIST where something other than a plain file has the name; any
/// other failure is that of making a file there.
int wx_recording_prepare(const char *path, char **absolute);

/// Runs `argv[0]`, looked up in PATH, to its end, and records it into the file `absolute`. Signals
/// that this process gets meanwhile are passed on. `*status` is that of wait(). A negative errno
/// where the program could not be started; -ELIBACC where libwxrecord.so is not beside this program
/// or cannot be named.
int wx_recording_run(char *const *argv, const char *absolute, int *status);

#endif
