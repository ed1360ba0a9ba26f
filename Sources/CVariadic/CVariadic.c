#include "CVariadic.h"

typedef int (*Function)(void *, int, ...);

int faultline_call_with_long(void *function, void *handle, int option, long value) {
  return ((Function)function)(handle, option, value);
}

int faultline_call_with_wide(void *function, void *handle, int option, long long value) {
  return ((Function)function)(handle, option, value);
}

int faultline_call_with_pointer(void *function, void *handle, int option, void *value) {
  return ((Function)function)(handle, option, value);
}
