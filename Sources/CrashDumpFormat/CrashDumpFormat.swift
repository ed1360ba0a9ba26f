// CrashDumpFormat
