package dev.ipanema.host.mm;

/// How an access of a process to its own memory ended: well, or with the signal and `si_code` it gets.
public enum UserFault {
    NONE,
    /// SIGSEGV: nothing is mapped.
    SEGV_MAPERR,
    /// SIGSEGV: the mapping does not permit the access.
    SEGV_ACCERR,
    /// SIGBUS: unaligned access to Device memory.
    BUS_ADRALN,
    /// SIGBUS: the file or device has nothing there now.
    BUS_ADRERR,
    /// SIGBUS: the page is poisoned.
    BUS_MCEERR_AR,
    /// No memory was left: the out-of-memory killer ends the process.
    OOM
}
