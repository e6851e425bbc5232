/**
   @file log_line.h
   What a log has put round a line: a record in JSON (`journalctl -o json`, docker's files, `dmesg
   -J`), line ends that are written out or lost, the time at which it was written.
*/
#ifndef WX_ATTRIBUTION_LOG_LINE_H
#define WX_ATTRIBUTION_LOG_LINE_H

/// Takes the messages out of a line that has records in JSON, and makes line ends of those that are
/// written out (`\n`, syslog's `#012`), and of what stands before each but the first of several
/// rows of maps in one line, as `echo $(cat maps)` prints them. Changes `line`, which becomes no
/// longer, and returns what is to be read instead: one or more lines, with a newline between them.
/// A line that no log has changed stays as it is.
char *wx_log_open(char *line);

/// What follows the time that a container's log puts before each line, or `line` where none is
/// there: `2026-11-29T12:00:00.123456789Z`, and with it `stdout F` of a node's files; or the
/// journal's `MESSAGE=`.
const char *wx_log_skip_time(const char *line);

#endif
