#include <stdio.h>

int main(void) {
  puts("wxbench " WX_VERSION);
  return 0;
}
