// Calls of C functions with variable arguments, which Swift cannot make. Each takes the function's address, because the library
// that has it is loaded at run time.
#ifndef FAULTLINE_CVARIADIC_H
#define FAULTLINE_CVARIADIC_H

// int (*)(void *handle, int option, ...): curl_easy_setopt and curl_easy_getinfo.
int faultline_call_with_long(void *function, void *handle, int option, long value);
int faultline_call_with_wide(void *function, void *handle, int option, long long value);
int faultline_call_with_pointer(void *function, void *handle, int option, void *value);

#endif
