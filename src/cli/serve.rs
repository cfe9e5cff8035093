//! `mailfw serve`: the relay, until it is told to stop.

use super::exit::Exit;
use super::load::{self, Native};
use super::output::Terminal;
use super::problem::Problem;
use super::serve_demo::Demo;
use crate::base::diagnostic::{Diagnostics, Level};
use crate::base::limits::MessageLimits;
use crate::base::system::reason;
use crate::relay::config::recipients::Source;
use crate::relay::config::running::{Log, LogDestination, LogFormat, LogLevel};
use crate::relay::config::surroundings::surroundings;
use crate::relay::config::{self, Config};
use crate::relay::intake::recipients::Known;
use crate::relay::intake::{self, Intake, answers::Answers};
use crate::relay::runtime::{Relay, Running, Sockets};
use crate::relay::store::sqlite::{self, SqliteStore};
use crate::relay::store::{Recovered, Store};
use crate::tools::registry;
use crate::tools::render_human::{HumanRenderer, tally};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The file in the state folder that a relay locks.
const SERVING: &str = "serving";
/// How often the files of the policy set are looked at.
const WATCH: Duration = Duration::from_secs(2);

/// Relay mail between servers, and enforce the policies on all of it
#[derive(Debug, clap::Args)]
pub struct ServeArguments {
    /// The configuration
    #[arg(default_value = "/etc/mailfw/mailfw.toml", conflicts_with = "demo")]
    config: PathBuf,
    /// Say what is wrong with the configuration, its policy set and its surroundings, and start nothing
    #[arg(long)]
    check: bool,
    /// Start one that only this machine reaches, with a first policy set; everything lies in one folder
    #[arg(long)]
    demo: bool,
    /// The folder of --demo
    #[arg(long, value_name = "FOLDER", default_value = "mailfw-demo", requires = "demo")]
    state: PathBuf,
    /// Where --demo takes mail from outside; mail from the site goes to the port after it
    #[arg(long, value_name = "PORT", default_value_t = 2525, requires = "demo", value_parser = clap::value_parser!(u16).range(1..65535))]
    port: u16,
    #[command(flatten)]
    native: Native,
}

/// Runs the command.
pub fn run(arguments: &ServeArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let demo = arguments.demo.then(|| Demo::prepare(&arguments.state, arguments.port)).transpose()?;
    let path = demo.as_ref().map_or(arguments.config.as_path(), |demo| demo.config.as_path());
    let Some(config) = read(path, arguments.check, terminal)? else { return Ok(Exit::Failed) };
    let policies = Policies { path: config.server.policies.node.clone(), native: arguments.native };
    let Some(intake) = policies.load(&config, demo.is_some(), terminal)? else { return Ok(Exit::Failed) };
    if arguments.check {
        terminal.print(&format!("{}: {}\n", path.display(), tally([])));
        return Ok(Exit::Clean);
    }
    log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| not_started(reason(&error)))?;
    runtime.block_on(serve(&config, intake, &policies, demo.as_ref(), terminal))
}

/// Reads the configuration; `None` where it has errors, which are told then.
fn read(path: &Path, check: bool, terminal: &mut Terminal) -> Result<Option<Config>, Problem> {
    let text = std::fs::read_to_string(path).map_err(|error| Problem::unreadable(path, &error))?;
    let name = path.to_str().ok_or_else(|| Problem::not_utf8(path))?;
    let reading = config::read(name, &text);
    let mut diagnostics: Diagnostics = reading.diagnostics;
    if let Some(config) = reading.config.as_ref().filter(|_| check) {
        diagnostics.extend(surroundings(config));
    }
    let failed = diagnostics.has_errors();
    let renderer = HumanRenderer::new(&reading.map, terminal.error_look);
    let shown = diagnostics.sorted().into_iter().filter(|found| check || found.level != Level::Note);
    terminal.error(&renderer.render_all(shown));
    Ok(reading.config.filter(|_| !failed))
}

/// A store as its configuration says, for the commands beside the relay.
pub struct StoreAt {
    /// The configuration.
    pub config: Config,
    /// The store.
    pub store: SqliteStore,
}

/// Opens the store of a configuration; `None` where it has errors, which are told then.
pub fn store_of(path: &Path, terminal: &mut Terminal) -> Result<Option<StoreAt>, Problem> {
    let Some(config) = read(path, false, terminal)? else { return Ok(None) };
    let state = &config.server.state.node;
    if !state.join(sqlite::DATABASE).exists() {
        return Err(Problem::not_found(&state.join(sqlite::DATABASE)));
    }
    let opened = SqliteStore::open(state, sqlite::Options::default());
    let (store, _) = opened.map_err(|error| load::store_problem(&error))?;
    Ok(Some(StoreAt { config, store }))
}

impl StoreAt {
    /// Judges by the policy set of the configuration; `None` where it has errors, which are told then.
    pub fn intake(&self, terminal: &Terminal) -> Result<Option<Intake>, Problem> {
        let path = self.config.server.policies.node.clone();
        Policies { path, native: Native::default() }.load(&self.config, false, terminal)
    }
}

/// The policy set that is enforced, from its files.
struct Policies {
    path: PathBuf,
    native: Native,
}

impl Policies {
    /// Reads the set; `None` where it has errors, which are told then.
    fn load(&self, config: &Config, demo: bool, terminal: &Terminal) -> Result<Option<Intake>, Problem> {
        let Some(engine) = load::engine_with(&self.path, self.native.options(), terminal)? else {
            return Ok(None);
        };
        let largest = config.listeners.iter().map(|listener| listener.max_message_size.bytes()).max();
        let largest = usize::try_from(largest.unwrap_or(0)).unwrap_or(usize::MAX);
        let limits = MessageLimits::default();
        let limits = MessageLimits { message_bytes: limits.message_bytes.max(largest), ..limits };
        let answers = Answers { taken_as_clean: demo };
        let settings = intake::Settings { limits, answers, known: known(config)? };
        Ok(Some(Intake::new(Arc::new(engine), settings)))
    }
}

/// Who knows the site's recipients, with the lists read now.
fn known(config: &Config) -> Result<Known, Problem> {
    let recipients = &config.recipients;
    let mut known = Known {
        directories: recipients.asks(Source::Directories),
        lists: None,
        everybody: recipients.asks(Source::None),
    };
    for path in recipients.lists.iter().filter(|_| recipients.asks(Source::Lists)) {
        let path = &path.node;
        let text = std::fs::read_to_string(path).map_err(|error| Problem::unreadable(path, &error))?;
        for (line, entry) in known.lists.get_or_insert_default().add(&text) {
            tracing::warn!("{}:{line}: `{entry}` is neither an address nor a @domain", path.display());
        }
    }
    Ok(known)
}

/// The files of a policy set and when each was changed.
type Files = Vec<(PathBuf, Option<SystemTime>)>;

/// The files of the set that an intake judges by, as they are now.
fn files(intake: &Intake) -> Files {
    let sources = &intake.engine().hir().sources;
    let names = sources.iter().map(|(_, source)| PathBuf::from(&*source.name)).filter(|path| path.is_file());
    names.map(|path| (path.clone(), changed(&path))).collect()
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

async fn serve(
    config: &Config,
    intake: Intake,
    policies: &Policies,
    demo: Option<&Demo>,
    terminal: &mut Terminal,
) -> Result<Exit, Problem> {
    let mut signals = Signals::new()?;
    let sockets = Sockets::open(config).map_err(|error| not_started(error.to_string()))?;
    become_user(config)?;
    let options =
        sqlite::Options { min_free_bytes: config.limits.min_free_disk.bytes(), ..sqlite::Options::default() };
    let state = &config.server.state.node;
    let (store, recovered) = SqliteStore::open(state, options)
        .map_err(|error| not_started(format!("the store in {}: {error}", state.display())))?;
    let _alone = serve_alone(state)?;
    tell(&recovered);
    let store: Arc<dyn Store> = Arc::new(store);
    let mut known = files(&intake);
    let running =
        Relay::start(config, sockets, intake, store).map_err(|error| not_started(error.to_string()))?;
    for (listener, address) in &running.addresses {
        tracing::info!(%listener, %address, "listening");
    }
    if let Some(demo) = demo {
        terminal.print(&demo.words(&running.addresses));
        terminal.flush();
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let mut watch = tokio::time::interval(WATCH);
    loop {
        tokio::select! {
            _ = signals.stop.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.reload.recv() => {
                reload(config, policies, demo, &running, &mut known, terminal);
                for problem in running.read_certificates(config.tls.minimum) {
                    tracing::error!("the certificate that was there is kept: {problem}");
                }
            }
            _ = watch.tick() => {
                if known.iter().any(|(path, before)| changed(path) != *before) {
                    reload(config, policies, demo, &running, &mut known, terminal);
                }
            }
        }
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping");
    match running.stop().await {
        true => tracing::info!("stopped"),
        false => tracing::warn!("stopped before everything had come to its end; what is queued is safe"),
    }
    Ok(Exit::Clean)
}

/// Takes the present files of the policy set, unless something is wrong with them: then the set that runs stays.
fn reload(
    config: &Config,
    policies: &Policies,
    demo: Option<&Demo>,
    running: &Running,
    known: &mut Files,
    terminal: &mut Terminal,
) {
    // What is wrong now is told once, and again when it was changed.
    for (path, before) in known.iter_mut() {
        *before = changed(path);
    }
    let loaded = tokio::task::block_in_place(|| policies.load(config, demo.is_some(), terminal));
    match loaded {
        Ok(Some(intake)) => {
            *known = files(&intake);
            let count = intake.engine().hir().policies.len();
            running.use_policies(intake);
            tracing::info!(policies = count, "the policy set was read again");
        }
        Ok(None) => tracing::error!("the policy set has errors; the one that runs is kept"),
        Err(problem) => {
            terminal.complain(&problem);
            tracing::error!("the policy set cannot be read; the one that runs is kept");
        }
    }
}

/// Sees that no other relay delivers what lies in the folder: each copy would go out twice. Held until the relay ends.
fn serve_alone(state: &Path) -> Result<File, Problem> {
    let path = state.join(SERVING);
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(|error| Problem::unwritable(&path.display().to_string(), &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(not_started(format!("another one serves from `{}`", state.display()))),
    }
}

fn tell(recovered: &Recovered) {
    tracing::info!(
        queued = recovered.queued,
        deferred = recovered.deferred,
        held = recovered.held,
        dead = recovered.dead,
        "the store is open"
    );
    if recovered.leftovers > 0 {
        tracing::info!(
            count = recovered.leftovers,
            "contents of messages that were never taken were deleted"
        );
    }
    for damaged in &recovered.damaged {
        tracing::error!("a damaged record was put aside: {damaged}");
    }
}

struct Signals {
    stop: Signal,
    interrupt: Signal,
    reload: Signal,
}

impl Signals {
    fn new() -> Result<Signals, Problem> {
        let of = |kind| signal(kind).map_err(|error| not_started(reason(&error)));
        Ok(Signals {
            stop: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
            reload: of(SignalKind::hangup())?,
        })
    }
}

/// Gives up root for the configured user, once the sockets are open. The state folder becomes theirs.
fn become_user(config: &Config) -> Result<(), Problem> {
    use nix::unistd::{self, Group, User};
    let Some(name) = &config.server.user else { return Ok(()) };
    if !unistd::Uid::effective().is_root() {
        return Ok(());
    }
    let told =
        |error: nix::Error| not_started(format!("the user cannot be changed to `{}`: {error}", name.node));
    let unknown = |what: &str| not_started(format!("there is no {what} `{}`", name.node));
    let user = User::from_name(&name.node).map_err(told)?.ok_or_else(|| unknown("user"))?;
    let group = match &config.server.group {
        Some(group) => Group::from_name(&group.node).map_err(told)?.ok_or_else(|| unknown("group"))?.gid,
        None => user.gid,
    };
    let state = &config.server.state.node;
    std::fs::create_dir_all(state)
        .map_err(|error| Problem::unwritable(&state.display().to_string(), &error))?;
    unistd::chown(state, Some(user.uid), Some(group)).map_err(told)?;
    let c_name = std::ffi::CString::new(user.name.as_str()).map_err(|_| unknown("user"))?;
    unistd::initgroups(&c_name, group).map_err(told)?;
    unistd::setgid(group).map_err(told)?;
    unistd::setuid(user.uid).map_err(told)
}

/// Sends what happens to where the configuration says.
fn log(log: &Log) -> Result<(), Problem> {
    let level = match log.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false);
    let done = match (&log.destination, log.format) {
        (LogDestination::Stderr, LogFormat::Text) => {
            builder.with_ansi(false).with_writer(std::io::stderr).try_init()
        }
        (LogDestination::Stderr, LogFormat::Json) => builder.json().with_writer(std::io::stderr).try_init(),
        (LogDestination::File(path), format) => {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| Problem::unwritable(&path.display().to_string(), &error))?;
            match format {
                LogFormat::Text => builder.with_ansi(false).with_writer(Mutex::new(file)).try_init(),
                LogFormat::Json => builder.json().with_writer(Mutex::new(file)).try_init(),
            }
        }
    };
    done.map_err(|error| not_started(format!("the log cannot be opened: {error}")))
}

fn not_started(reason: impl Into<String>) -> Problem {
    Problem::new(
        registry::NOT_STARTED,
        format!("the relay cannot start: {}", reason.into()),
        "`mailfw serve --check` says what is wrong with the configuration and its surroundings",
    )
}
