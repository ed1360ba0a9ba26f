// WindowsKernel
