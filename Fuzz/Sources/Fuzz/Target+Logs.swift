import Analyses
import Facts
import FieldLogs

extension Target {
  /// Text that people paste, through both readers, the facts and what is known of the machine.
  static let fieldLog = Target(name: "field-log") {
    [
      "0: kd> !analyze -v\nDRIVER_IRQL_NOT_LESS_OR_EQUAL (d1)\nArguments:\nArg1: 00000028, x\nArg2: 00000002\nArg3: 00000000\nArg4: f7b01234\n"
        + "PROCESS_NAME:  acme.exe\nSTACK_TEXT:  \nf7a00100 f7b01234 00000010 20786e53 00000000 nt!KeBugCheckEx+0x1b\n"
        + "f7a00120 80801111 92b7b008 89675540 00000800 acmedrv+0x1234\nIMAGE_NAME:  acmedrv.sys\nFollowup: MachineOwner\n",
      "BugCheck 44, {ffffc40ce0d93980, 1269, 0, 0}\nProbably caused by : acme.sys ( acme!Read+31 )\n"
        + "ffffa001`00000008 fffff800`01000069 : 00000000`0000000a 00000000`00000028 : nt!KeBugCheckEx\n",
      "start    end        module name\n80800000 80a50000   nt   ntkrpamp.exe (42435e14)\nUnloaded modules:\nf7c00000 f7c10000 gone.sys\n"
        + "Resource @ 0x808a1234    Exclusively owned\nContention Count = 17\nThreads: 8a001020-01<*>\n"
        + "**** Critical WorkQueue( current = 5 maximum = 5 )\nPENDING: IoWorkItem (8a111111) Routine acme!Work (1)\n",
      "> Key  : Failure.Bucket\n> Value: AV_acme!Read\n> &lt;pre&gt; BUGCHECK_CODE:  d1\n> BUGCHECK_P1: 28\n",
      " Memory: 2096620K Avail: 1096364K\n Commit: 203500K Limit: 640916K Peak: 260632K  Pool N: 8332K P:27220K\n"
        + " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\n"
        + " Wait Nonp    3971107 (   3)   3971077 (  -2)       30    8456 (   120)    281 [acme.sys]\n06.03.2009 18:00\n"
        + " Dh 1 Paged 24 ( 0) 20 ( 0) 4 512 ( 0) 128\n",
      " Tag     Allocs         Used     Allocs         Used\n Acm1       535      5935104          0            0\twords\n",
      "\"(PDH-CSV 4.0) (Pacific Standard Time)(480)\",\"\\\\M\\Memory\\Pool Nonpaged Bytes\",\"\\\\M\\Process(a (b))\\Handle Count\",\"\\\\M\\Process(a (b))\\ID Process\"\r\n"
        + "\"03/04/2009 12:00:00.123\",\"104857600.000000\",\"12\",\"812\"\r\n\"03/04/2009 12:15:00.125\",\" \",\"1.5E+3\",\"813\"\r\n",
      "\"DateTime\",\"Tag\",\"PagedAllocs\",\"PagedUsedBytes\",\"NonPagedUsedBytes\",\"Binary\"\n\"2009-03-04 12:00:00\",\"Mdl \",\"1\",\"1,234\",\"0x10\",\"nt\"\n",
      "Tag  Pool Type  Bytes\n---  ---------  -----\nDh 1 NonPagedNx 3c0\nCM   Paged  12.5 KB\n",
    ].map { Array($0.utf8) }
  } run: { bytes in
    let log = DebuggerLog.read(bytes)
    precondition(log.parameters.count <= 4)
    _ = log.facts
    _ = log.machine
    let pool = PoolLog.read(bytes)
    _ = pool.facts
    _ = PoolGrowthView([("input", pool)]).facts(asking: ["Mdl"])
  }

  /// Lists of events that growth is counted by.
  static let eventList = Target(name: "event-list") {
    [
      "time,event,count\n2009-03-04 12:00:00,driver-load,1\n",
      "Fri 03/13/2009;13:30;Driver Load;2\n03/04/2009 1:30 PM,x\n",
      "06.03.2009 18:00\t\"mount\"\t3\n",
    ].map { Array($0.utf8) }
  } run: { bytes in
    let events = EventList.read(bytes)
    precondition(events.allSatisfy { $0.count >= 0 })
  }
}
