// KernelLayouts
