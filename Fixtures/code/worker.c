/* A driver's work routines and its buffers, for the tests of how code is followed. See README.md. */
typedef unsigned long ULONG;
typedef unsigned char UCHAR;
typedef unsigned long long ULONG64;

typedef struct Event {
    void *words[4];
} Event;

#define KERNEL __declspec(dllimport)
KERNEL long __stdcall KeSetEvent(Event *event, long increment, UCHAR wait);
KERNEL void __stdcall KeClearEvent(Event *event);
KERNEL void *__stdcall ExAllocatePoolWithTag(int type, __SIZE_TYPE__ bytes, ULONG tag);
KERNEL void __stdcall ExFreePoolWithTag(void *block, ULONG tag);
KERNEL void *__stdcall IoAllocateMdl(void *buffer, ULONG bytes, UCHAR secondary, UCHAR quota, void *irp);
KERNEL void __stdcall MmBuildMdlForNonPagedPool(void *descriptor);
KERNEL void __stdcall IoFreeMdl(void *descriptor);

typedef struct Request {
    void *next;
    long status;
    long tries;
    Event *waiter;      /* 8 or 16 */
    Event own;
    struct Request *parent;
    void (__stdcall *finish)(struct Request *, long);
} Request;

static Request *volatile ready;
static UCHAR buffer[0x800];
static void *kept[4];

/* What the linker of a driver may not fold into its callers. */
#define APART __attribute__((noinline))

APART static long connect(Request *request, long how) {
    long result = 0;
    for (long i = 0; i < request->tries; i++) {
        result += how + i;
        if (result > 40) return -result;
    }
    return result;
}

/* A loop, a condition, a list, then the event by its address. */
void __stdcall SetsByPointer(Request *request) {
    long status = connect(request, 3);
    if (status < 0) {
        request->status = status;
        request->next = (void *)ready;
        ready = request;
    }
    KeSetEvent(request->waiter, 0, 0);
}

APART static void finish(Request *request, long status) {
    request->status = status;
    KeSetEvent(&request->own, 1, 0);
}

/* Through a function of its own; the event is in the structure. */
void __stdcall SetsEmbedded(Request *request) {
    finish(request, connect(request, 5));
}

/* Through another structure, at the end of a switch. */
void __stdcall SetsThroughParent(Request *request) {
    switch (request->status) {
    case 0: request->status = connect(request->parent, 1); break;
    case 1: request->parent->status = 7; break;
    case 9: request->tries += 2; break;
    default: request->parent->tries = 0;
    }
    if (request->parent->waiter) KeSetEvent(request->parent->waiter, 0, 0);
}

/* Has the events within reach and clears one of them. */
void __stdcall ClearsOnly(Request *request) {
    if (connect(request, 2) > 0) KeClearEvent(&request->own);
    request->status = 0;
}

/* Calls what the request names: where that leads is not known from the code. */
void __stdcall CallsUnknown(Request *request) {
    request->finish(request, connect(request, 2));
}

/* A descriptor of the driver's own buffer, which nobody frees. */
void *__stdcall DescribesOwn(ULONG bytes) {
    void *descriptor = IoAllocateMdl(buffer, bytes, 0, 0, 0);
    if (descriptor) MmBuildMdlForNonPagedPool(descriptor);
    return descriptor;
}

/* A descriptor of a block that it allocates. */
void *__stdcall DescribesBlock(ULONG bytes, ULONG index) {
    void *block = ExAllocatePoolWithTag(0, bytes + 0x10, 0x31426d54 /* TmB1 */);
    void *descriptor;
    if (!block) return 0;
    descriptor = IoAllocateMdl(block, bytes, 0, 0, 0);
    if (!descriptor) {
        ExFreePoolWithTag(block, 0x31426d54);
        return 0;
    }
    kept[index & 3] = block;
    MmBuildMdlForNonPagedPool(descriptor);
    return descriptor;
}

long __stdcall DriverEntry(void *driver, void *path) {
    ready = 0;
    kept[0] = DescribesOwn(0x100);
    kept[1] = DescribesBlock(0x80, 1);
    if (path) IoFreeMdl(kept[1]);
    return driver == 0;
}
