/**
   @file recording.h
   Runs a program with libwxrecord.so, which writes a trace of what the program's .NET runtime asks
   of its executable memory.
*/
#ifndef WX_TRACE_RECORDING_H
#define WX_TRACE_RECORDING_H

/// Where a recording goes.
typedef struct {
  char *path; ///< Absolute.
  char *kept; ///< Under this name stands what had the name before; NULL where nothing had.
} WxRecordingPlace;

/// Makes ready to record into `path`: what has that name is moved aside. On success the caller ends
/// with wx_recording_settle(). -EISDIR, or -EEXIST where something else than a plain file has the
/// name; any other failure is that of making a file there.
int wx_recording_prepare(const char *path, WxRecordingPlace *place);

/// Removes what was moved aside where something was recorded, and moves it back where nothing was.
/// Returns 0 or a negative errno, with `place->kept` still there; frees `place` in any case.
int wx_recording_settle(WxRecordingPlace *place);

/// Runs `argv[0]`, looked up in PATH, to its end, and records it into the file `absolute`. Signals
/// that this process gets meanwhile are passed on. `*status` is that of wait(). A negative errno
/// where the program could not be started; -ELIBACC where libwxrecord.so is not beside this program
/// or cannot be named.
int wx_recording_run(char *const *argv, const char *absolute, int *status);

#endif
