/// Logs of machines that never were, in the form in which a debugger prints them.
enum WrittenLogs {
  /// x64, analysed, with a frame of an inlined function, remarks behind frames and a name with spaces.
  static let x64 = """
    3: kd> !analyze -v
    *******************************************************************************
    *                                                                             *
    *                        Bugcheck Analysis                                    *
    *                                                                             *
    *******************************************************************************

    DRIVER_IRQL_NOT_LESS_OR_EQUAL (d1)
    Words that explain the stop, among them DISPATCH_LEVEL
    and more of them.
    Arguments:
    Arg1: 0000000000000028, memory referenced
    Arg2: 0000000000000002, level
    Arg3: 0000000000000001, bits :
    \tbit 0 : value 0 = one thing, 1 = another
    Arg4: fffff80111223344, address of the code

    Debugging Details:
    ------------------

    KEY_VALUES_STRING: 1

        Key  : Failure.Bucket
        Value: AV_acmeflt!Dispatch

        Key  : WER.OS.Version
        Value: 10.0.19041.1

    BUGCHECK_CODE:  d1

    BUGCHECK_P1: 28

    BUGCHECK_P2: 2

    WRITE_ADDRESS:  0000000000000028

    CURRENT_IRQL:  2

    PROCESS_NAME:  Acme Service.e

    STACK_TEXT:
    ffffa001`00000008 fffff800`01000069     : 00000000`0000000a 00000000`00000028 00000000`00000002 00000000`00000001 : nt!KeBugCheckEx
    ffffa001`00000010 fffff800`01000e69     : ffffa001`00000100 ffffa001`00000200 00000000`00000000 00000000`00000000 : nt!KiBugCheckDispatch+0x69
    ffffa001`00000150 fffff801`11223344     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : nt!KiPageFault+0x469
    (Inline Function) --------`--------     : --------`-------- --------`-------- --------`-------- --------`-------- : acmeflt!List<int, 4>::Take+0x8 [c:\\src\\list.h @ 12]
    ffffa001`00000300 fffff800`01005555     : ffffa001`00000400 00000000`00000000 00000000`00000000 00000000`00000000 : acmeflt!Dispatch+0x44 [c:\\src\\flt.c @ 345]
    ffffa001`00000350 fffff800`01006666     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : nt!IofCallDriver+0x55
    ffffa001`00000380 00007ffb`12345678     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : nt! ?? ::FNODOBFM::`string'+0x28ff0
    0000001a`00000008 00000000`00000000     : 00000000`00000000 00000000`00000000 00000000`00000000 00000000`00000000 : 0x00007ffb`12345678

    SYMBOL_NAME:  acmeflt!Dispatch+44

    MODULE_NAME: acmeflt

    IMAGE_NAME:  acmeflt.sys

    STACK_COMMAND:  .cxr; .ecxr ; kb

    FAILURE_BUCKET_ID:  AV_acmeflt!Dispatch

    OSPLATFORM_TYPE:  x64

    Followup:     MachineOwner
    ---------
    """

  static let x64Places = [
    "nt!KeBugCheckEx", "nt!KiBugCheckDispatch+0x69", "nt!KiPageFault+0x469", "acmeflt!List<int, 4>::Take+0x8",
    "acmeflt!Dispatch+0x44", "nt!IofCallDriver+0x55", "nt! ?? ::FNODOBFM::`string'+0x28ff0", "0x00007ffb`12345678",
  ]

  /// x86, opened from a file, first short and then analysed; the debugger lays to the kernel what a driver on the stack did.
  static let x86 = """
    Loading Dump File [C:\\dumps\\Mini01.dmp]
    Windows Server 2003 Kernel Version 3790 (Service Pack 2) MP (4 procs) Free x86 compatible

    Use !analyze -v to get detailed debugging information.

    BugCheck 1000008E, {c0000005, 80900001, f7a00000, 0}

    Probably caused by : ntkrpamp.exe ( nt!ExFreePoolWithTag+464 )

    0: kd> !analyze -v

    KERNEL_MODE_EXCEPTION_NOT_HANDLED_M (1000008e)
    Arguments:
    Arg1: c0000005, The exception
    Arg2: 80900001, The address
    Arg3: f7a00000, Trap Frame
    Arg4: 00000000

    EXCEPTION_CODE: (NTSTATUS) 0xc0000005 - words

    FAULTING_IP:
    nt!ExFreePoolWithTag+464
    80900001 8b4604          mov     eax,dword ptr [esi+4]

    PROCESS_NAME:  acme.exe

    LAST_CONTROL_TRANSFER:  from f7b01234 to 80900001

    STACK_TEXT:
    f7a00100 f7b01234 00000010 20786e53 00000000 nt!ExFreePoolWithTag+0x464
    WARNING: Stack unwind information not available. Following frames may be wrong.
    f7a00120 80801111 92b7b008 89675540 00000800 acmedrv+0x1234
    f7a00140 7c90eb94 00000000 00000000 00000000 nt!KiFastCallEntry+0xf8
    0007f9d8 00000000 00000000 00000000 00000000 0x7c90eb94

    STACK_COMMAND:  kb

    MODULE_NAME: nt

    IMAGE_NAME:  ntkrpamp.exe

    Followup: MachineOwner
    """

  static let lists = """
    0: kd> lm t n
    start    end        module name
    80800000 80a50000   nt       ntkrpamp.exe Sat Mar 25 00:00:00 2006 (42435e14)
    f7b00000 f7b20000   acmedrv  acmedrv.sys  Sat Mar 25 00:00:00 2006 (42435e15)

    Unloaded modules:
    f7c00000 f7c10000   gone.sys
    0: kd> !locks
    **** DUMP OF ALL RESOURCE OBJECTS ****
    Resource @ nt!PsLoadedModuleResource (0x808a1234)    Exclusively owned
        Contention Count = 17
        NumberOfExclusiveWaiters = 2
         Threads: 8a001020-01<*>
         Threads Waiting On Exclusive Access:
                  8a002020-01       8a003020-01
    120 total locks, 1 locks currently held
    0: kd> !exqueue
    **** Critical WorkQueue( current = 5 maximum = 5 )
    THREAD 8a001020  Cid 0004.0010  Teb: 00000000 Win32Thread: 00000000 WAIT
    PENDING: IoWorkItem (8a111111) Routine acmedrv!Work (f7b01000) IRP (8a222222)
    **** Delayed WorkQueue( current = 0 maximum = 7 )
    0: kd> !poolused 2
       Sorting by NonPaged Pool Consumed

                   NonPaged                  Paged
     Tag     Allocs         Used     Allocs         Used

     Acm1       535      5935104          0            0\tUNKNOWN pooltag 'Acm1', please update pooltag.txt
     Vad      13703      2192480          3          120\tMm descriptors , Binary: nt!mm
     Dh 1         5          640          0            0
     TOTAL    14243      8128224          3          120
    """
}
