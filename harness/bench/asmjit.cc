// AsmJit's JitAllocator for C: build/libwxasmjit.so, which is made where libasmjit-dev is, and
// which peer_asmjit.c loads. Debian has AsmJit as an archive only, and its interface is C++.
#include <asmjit/core.h>

#include <cstdlib>
#include <cstring>
#include <new>

using asmjit::JitAllocator;

// The archive's own one prints, and so cannot be linked into a shared library.
void asmjit::DebugUtils::assertionFailed(const char *, int, const char *) noexcept {
  std::abort();
}

extern "C" {

unsigned wxasmjit_version() {
  return ASMJIT_LIBRARY_VERSION;
}

// NULL where memory is out.
void *wxasmjit_open(int dual) {
  JitAllocator::CreateParams parameters;
  if (dual)
    parameters.options |= asmjit::JitAllocatorOptions::kUseDualMapping;
  return new (std::nothrow) JitAllocator(&parameters);
}

// Room for `size` bytes, and where to write them. 0, or another number where there is none.
unsigned wxasmjit_allocate(void *self, size_t size, void **code, void **view) {
  return static_cast<JitAllocator *>(self)->alloc(code, view, size);
}

// What JitRuntime does with a function that was assembled.
void wxasmjit_write(void *code, void *view, const void *bytes, size_t size) {
  asmjit::VirtMem::protectJitMemory(asmjit::VirtMem::ProtectJitAccess::kReadWrite);
  std::memcpy(view, bytes, size);
  asmjit::VirtMem::protectJitMemory(asmjit::VirtMem::ProtectJitAccess::kReadExecute);
  asmjit::VirtMem::flushInstructionCache(code, size);
}

unsigned wxasmjit_release(void *self, void *code) {
  return static_cast<JitAllocator *>(self)->release(code);
}

void wxasmjit_close(void *self) {
  delete static_cast<JitAllocator *>(self);
}
}
