//! The `mailfw` program: everything is in [`mailfw::cli`].

/// A message is many small pieces, often made on one thread and freed on another.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    mailfw::cli::main()
}
