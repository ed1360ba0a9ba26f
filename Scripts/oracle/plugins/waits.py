"""Threads with their waits, resources and work queues, read by volatility3's layers and the public symbol tables' own types.

No plugin of volatility3 prints these; the types, the address translation and the lists are its own.
"""

from volatility3.framework import constants, interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints
from volatility3.plugins.windows import pslist, threads


class Base(interfaces.plugins.PluginInterface):
    _required_framework_version = (2, 4, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [requirements.ModuleRequirement(
            name="kernel", description="Windows kernel", architectures=["Intel32", "Intel64"])]

    @property
    def kernel(self):
        return self.context.modules[self.config["kernel"]]

    def type_name(self, name):
        return self.kernel.symbol_table_name + constants.BANG + name

    def variable(self, name, kind):
        return self.kernel.object(object_type=kind, offset=self.kernel.get_symbol(name).address)

    def at(self, kind, address):
        return self.kernel.object(object_type=kind, offset=address, absolute=True)

    def threads(self):
        for process in pslist.PsList.list_processes(context=self.context, kernel_module_name=self.config["kernel"]):
            for thread in threads.Threads.list_threads(self.context, self.config["kernel"], process):
                yield process, thread


class Threads(Base):
    """State, wait reason, priority, queue and the objects that each thread waits for."""

    def objects(self, thread):
        """Addresses and types of the objects, in the order of the wait blocks."""
        tcb = thread.Tcb
        found = []
        if int(tcb.State) != 5:
            return found
        if tcb.has_member("WaitBlockCount"):
            size = self.kernel.get_type("_KWAIT_BLOCK").size
            blocks = [self.at("_KWAIT_BLOCK", int(tcb.WaitBlockList) + size * i) for i in range(int(tcb.WaitBlockCount))]
        else:
            blocks, block = [], tcb.WaitBlockList.dereference()
            while block.vol.offset not in [known.vol.offset for known in blocks]:
                blocks.append(block)
                block = block.NextWaitBlock.dereference()
        for block in blocks:
            address = int(block.Object)
            found.append(f"{address:x}:{int(self.at('_DISPATCHER_HEADER', address).Type) & 0x7F}:{int(block.WaitType)}")
        return found

    def rows(self):
        for process, thread in self.threads():
            tcb = thread.Tcb
            yield 0, (
                format_hints.Hex(thread.vol.offset), int(process.UniqueProcessId), int(thread.Cid.UniqueThread),
                int(tcb.State), int(tcb.WaitReason), int(tcb.Priority), format_hints.Hex(int(tcb.Queue)),
                format_hints.Hex(int(thread.StartAddress)), format_hints.Hex(int(tcb.KernelStack)),
                " ".join(self.objects(thread)))

    def run(self):
        return renderers.TreeGrid([
            ("Thread", format_hints.Hex), ("PID", int), ("TID", int), ("State", int), ("WaitReason", int), ("Priority", int),
            ("Queue", format_hints.Hex), ("StartAddress", format_hints.Hex), ("KernelStack", format_hints.Hex),
            ("Objects", str)], self.rows())


class Resources(Base):
    """ERESOURCEs with their owners and how many wait."""

    def rows(self):
        head = self.variable("ExpSystemResourcesList", "_LIST_ENTRY")
        for resource in head.to_list(self.type_name("_ERESOURCE"), "SystemResourcesList"):
            owners = []
            if int(resource.ActiveCount):
                entries = [resource.OwnerEntry]
                if int(resource.OwnerTable):
                    table = resource.OwnerTable.dereference()
                    size = self.kernel.get_type("_OWNER_ENTRY").size
                    entries += [self.at("_OWNER_ENTRY", table.vol.offset + size * i) for i in range(1, int(table.TableSize))]
                owners = [f"{int(entry.OwnerThread) & ~3:x}:{int(entry.OwnerCount)}" for entry in entries
                          if int(entry.OwnerThread) and int(entry.OwnerCount)]
            yield 0, (
                format_hints.Hex(resource.vol.offset), int(resource.ActiveCount), int(resource.Flag),
                int(resource.NumberOfSharedWaiters), int(resource.NumberOfExclusiveWaiters), " ".join(owners))

    def run(self):
        return renderers.TreeGrid([
            ("Resource", format_hints.Hex), ("ActiveCount", int), ("Flag", int), ("Shared", int), ("Exclusive", int),
            ("Owners", str)], self.rows())


class Queues(Base):
    """The executive's work queues, by symbol, with workers and pending items."""

    def queues(self):
        kernel = self.kernel
        pointer = "pointer"
        if kernel.get_type("_EX_WORK_QUEUE").has_member("WorkerQueue"):
            size = kernel.get_type("_EX_WORK_QUEUE").size
            first = kernel.get_absolute_symbol_address("ExWorkerQueue")
            return [(self.at("_EX_WORK_QUEUE", first + size * i), i) for i in range(3)]
        if kernel.has_symbol("PspSystemPartition"):
            partition = self.at("_EPARTITION", int(self.variable("PspSystemPartition", pointer)))
            executive = self.at("_EX_PARTITION", int(partition.ExPartition))
            pools = int(self.at(pointer, int(executive.WorkQueues)))
        else:
            node = self.at("_ENODE", int(self.variable("KeNodeBlock", pointer)))
            pools = node.ExWorkQueues.vol.offset
        found = []
        for index in range(8):
            address = int(self.at(pointer, pools + 8 * index))
            if address:
                found.append((self.at("_EX_WORK_QUEUE", address), index))
        return found

    def rows(self):
        for queue, index in self.queues():
            wide = queue.has_member("WorkPriQueue")
            inner = queue.WorkPriQueue if wide else queue.WorkerQueue
            workers = [f"{thread.vol.offset:x}" for thread in
                       inner.ThreadListHead.to_list(self.type_name("_KTHREAD"), "QueueListEntry")]
            heads = [(priority, inner.EntryListHead[priority]) for priority in reversed(range(32))] if wide \
                else [(-1, inner.EntryListHead)]
            items = [f"{item.vol.offset:x}:{int(item.WorkerRoutine):x}:{int(item.Parameter):x}:{priority}"
                     for priority, head in heads for item in head.to_list(self.type_name("_WORK_QUEUE_ITEM"), "List")]
            yield 0, (
                format_hints.Hex(queue.vol.offset), index, int(inner.MaximumCount), int(queue.WorkItemsProcessed),
                " ".join(workers), " ".join(items))

    def run(self):
        return renderers.TreeGrid([
            ("Queue", format_hints.Hex), ("Index", int), ("MaximumCount", int), ("Processed", int), ("Workers", str),
            ("Items", str)], self.rows())
