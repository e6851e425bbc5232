// PE images: any bytes are searched to their end, and an image found lies inside its bounds.
#include "attribution/pe.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *data;
  size_t size;
} Input;

static void require(int holds) {
  if (!holds)
    abort();
}

static ssize_t read_input(void *context, uint64_t address, void *buffer, size_t size) {
  const Input *input = context;
  if (address >= input->size)
    return -EFAULT;
  const size_t left = input->size - (size_t)address;
  const size_t count = size < left ? size : left;
  memcpy(buffer, input->data + address, count);
  return (ssize_t)count;
}

static int take_image(const WxPeImage *image, void *context) {
  const Input *input = context;
  require(image->address < input->size && image->section_count <= WX_PE_SECTIONS);
  require(strnlen(image->name, WX_PE_NAME) < WX_PE_NAME);
  return 0;
}

static int take_letters(const WxMzHit *hit, void *context) {
  const Input *input = context;
  require(hit->address + 1 < input->size && hit->reason < WX_MZ_REASONS);
  require(input->data[hit->address] == 'M' && input->data[hit->address + 1] == 'Z');
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Input input = {data, size};
  const WxMemory memory = {read_input, &input};
  const WxPeVisitor visitor = {take_image, take_letters, &input};
  require(wx_pe_search(&memory, 0, size, &visitor) == 0);
  return 0;
}
