//! The `mailfw` program: everything is in [`mailfw::cli`].

fn main() -> std::process::ExitCode {
    mailfw::cli::main()
}
