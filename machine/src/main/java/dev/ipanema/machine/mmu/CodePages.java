package dev.ipanema.machine.mmu;

/// Which physical pages hold instructions that somebody has decoded. While it says so of a page, guest
/// stores to the page take the slow path and are reported here after they were made.
///
/// Shared by all processing elements of a machine: called on any of their threads.
public interface CodePages {
    /// No page holds decoded code.
    CodePages NONE = new CodePages() {
        @Override
        public boolean holdsCode(long paPage) {
            return false;
        }

        @Override
        public void stored(long pa, int bytes) {}
    };

    /// {@return whether the 4 KiB page that starts at `paPage` holds decoded code}
    boolean holdsCode(long paPage);

    /// Reports a guest store to a page of which [#holdsCode] is true; it does not cross the page.
    void stored(long pa, int bytes);

    /// Applies what others have changed in the decoded code of the element whose view this is. Called on its
    /// thread.
    default void applyChanges() {}
}
