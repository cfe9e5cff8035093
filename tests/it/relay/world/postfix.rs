//! Postfix as a server of its own: in a folder of its own, at a port of its own, for as long as a test runs.

use super::{eventually, free_address};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The system's user `nobody`, to whom the mailboxes belong.
const NOBODY: u32 = 65_534;

/// The services that a server without a chroot needs.
const SERVICES: &str = "
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
";

/// What the tests run beside the relay.
const PROGRAMS: [&str; 3] = ["/usr/sbin/postfix", "/usr/bin/swaks", "/usr/bin/openssl"];

/// Whether Postfix can run here; says "skipped" where it cannot.
pub fn can_run() -> bool {
    let missing = PROGRAMS.into_iter().find(|program| !Path::new(program).exists());
    if let Some(program) = missing {
        println!("skipped: no {program}");
    } else if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can start Postfix");
    } else {
        return true;
    }
    false
}

/// A server that keeps what is for its own mailboxes, and sends all else to one other server.
pub struct Postfix {
    folder: tempfile::TempDir,
    pub address: SocketAddr,
}

impl Postfix {
    /// A server that is not started yet. Its domains are those of its mailboxes.
    pub fn new(name: &str, address: SocketAddr, mailboxes: &[&str], next: SocketAddr) -> Postfix {
        let folder = tempfile::tempdir().unwrap();
        let postfix = Postfix { folder, address };
        fs::set_permissions(postfix.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["etc", "queue", "data", "mail"] {
            fs::create_dir(postfix.path(part)).unwrap();
        }
        chown(postfix.path("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
        let owner = Command::new("chown").arg("postfix").arg(postfix.path("data")).status().unwrap();
        assert!(owner.success());
        let known: Vec<String> = mailboxes.iter().map(|address| format!("{address} {address}/\n")).collect();
        fs::write(postfix.path("etc/mailboxes"), known.concat()).unwrap();
        fs::write(postfix.path("etc/access"), "").unwrap();
        let mut domains: Vec<&str> =
            mailboxes.iter().filter_map(|address| address.rsplit('@').next()).collect();
        domains.dedup();
        let (base, domains) = (postfix.folder.path().display(), domains.join(" "));
        let settings = format!(
            "compatibility_level = 3.6
myhostname = {name}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/log
maillog_file_prefixes = {base}
alias_maps =
alias_database =
local_header_rewrite_clients =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_recipient_restrictions =
    check_recipient_access texthash:{base}/etc/access, permit_mynetworks, reject
virtual_mailbox_base = {base}/mail
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{base}/etc/mailboxes
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
relayhost = [{}]:{}
",
            next.ip(),
            next.port()
        );
        fs::write(postfix.path("etc/main.cf"), settings).unwrap();
        let services = format!("{address} inet n - n - - smtpd{SERVICES}");
        fs::write(postfix.path("etc/master.cf"), services).unwrap();
        postfix
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds settings, which hold from the next start or reload.
    pub fn set(&self, settings: &str) {
        let old = fs::read_to_string(self.path("etc/main.cf")).unwrap();
        fs::write(self.path("etc/main.cf"), format!("{old}{settings}\n")).unwrap();
    }

    /// What is said of recipients, instead of taking them: `bob@else.example 450 4.2.0 later`.
    pub fn refuse(&self, lines: &str) {
        fs::write(self.path("etc/access"), lines).unwrap();
    }

    /// Starts it, and waits until it listens.
    pub fn start(&self) {
        self.postfix("start");
        eventually("Postfix listens", || TcpStream::connect(self.address).is_ok());
    }

    /// Has it read its files again.
    pub fn reload(&self) {
        let before = self.log().matches("reload -- version").count();
        self.postfix("reload");
        eventually("it is read", || self.log().matches("reload -- version").count() > before);
    }

    fn postfix(&self, what: &str) {
        let output = self.run(what);
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, what: &str) -> Output {
        Command::new("/usr/sbin/postfix").arg("-c").arg(self.path("etc")).arg(what).output().unwrap()
    }

    /// What has come for an address, in the order in which it came; lines end with LF.
    pub fn mail(&self, address: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("mail").join(address).join("new")) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8(fs::read(path).unwrap()).unwrap()).collect()
    }

    /// What it wrote down of its work.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Whether nothing waits in it.
    pub fn is_idle(&self) -> bool {
        let parts = ["incoming", "active", "deferred", "maildrop"];
        parts.iter().all(|part| is_empty(&self.path("queue").join(part)))
    }
}

/// Whether there is no file in a folder and the folders in it.
fn is_empty(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    entries.flatten().all(|entry| entry.path().is_dir() && is_empty(&entry.path()))
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("What Postfix at {} wrote down:\n{}", self.address, self.log());
        }
        // Ends all of its processes at once.
        let _ = self.run("abort");
    }
}

/// Postfix's own server for trials, which takes everything and keeps each message in a file.
pub struct SmtpSink {
    folder: tempfile::TempDir,
    pub address: SocketAddr,
    process: std::process::Child,
}

impl SmtpSink {
    pub fn start(options: &[&str]) -> SmtpSink {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut command = Command::new("/usr/sbin/smtp-sink");
        command.args(["-u", "nobody", "-d"]).arg(folder.path().join("m.")).args(options);
        let process = command.arg(address.to_string()).arg("512").spawn().unwrap();
        eventually("smtp-sink listens", || TcpStream::connect(address).is_ok());
        SmtpSink { folder, address, process }
    }

    /// The recipients of each message that has come, without their domains, as smtp-sink writes them above it.
    pub fn recipients(&self) -> Vec<Vec<String>> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let texts = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let texts = texts.map(|text| String::from_utf8_lossy(&text).into_owned());
        texts.map(|text| text.lines().filter_map(recipient).collect()).collect()
    }
}

fn recipient(line: &str) -> Option<String> {
    let (address, _) = line.strip_prefix("X-Rcpt-Args: <")?.split_once('@')?;
    Some(address.to_string())
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
