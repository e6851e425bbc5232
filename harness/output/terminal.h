/**
   @file terminal.h
   What the terminal is that is written to.
*/
#ifndef WX_OUTPUT_TERMINAL_H
#define WX_OUTPUT_TERMINAL_H

#include <stddef.h>

/// Columns that tables written to the descriptor are to fit: what the variable COLUMNS says, else
/// the width of the terminal. 0, for any, where there is neither.
size_t wx_terminal_columns(int fd);

#endif
