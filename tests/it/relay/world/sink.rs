//! A mail server that takes everything, or refuses what it is told to by the recipient's name.

use mailfw::relay::smtp::reply::{Enhanced, Reply};
use mailfw::relay::smtp::server::{Ask, Protocol, Received, Server, Settings, Step, Tls};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server on loopback, for as long as the test runs.
#[derive(Clone)]
pub struct Sink {
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<Received>>>,
}

impl Sink {
    pub fn start() -> Sink {
        Sink::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    pub fn start_at(address: SocketAddr) -> Sink {
        let messages: Arc<Mutex<Vec<Received>>> = Arc::default();
        let kept = messages.clone();
        Sink { address: start_with(address, move |message| kept.lock().unwrap().push(message)), messages }
    }

    pub fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }

    pub fn messages(&self) -> Vec<Received> {
        self.messages.lock().unwrap().clone()
    }

    /// The contents of what has come, as texts.
    pub fn texts(&self) -> Vec<String> {
        self.messages().iter().map(|message| String::from_utf8_lossy(&message.content).into_owned()).collect()
    }
}

/// Starts a server that keeps nothing: each message is taken when the call with it is over.
pub fn start_with(address: SocketAddr, take: impl Fn(Received) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let take = Arc::new(take);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let take = take.clone();
            std::thread::spawn(move || serve(stream, &*take));
        }
    });
    address
}

fn serve(mut stream: TcpStream, take: &dyn Fn(Received)) {
    let mut server = Server::new(Settings {
        name: "sink.example".to_string(),
        message_bytes: 100_000_000,
        recipients: 1_000,
        mistakes: 20,
        refused_recipients: None,
        tls: Tls::Off,
        protocol: Protocol::Smtp,
    });
    server.greet();
    let mut input = vec![0; 65_536];
    loop {
        while let Some(step) = server.step() {
            let taken = Reply::new(250, Enhanced(2, 0, 0), "taken");
            match step {
                Step::Send(bytes) => {
                    if stream.write_all(&bytes).is_err() {
                        return;
                    }
                }
                Step::Ask(Ask::Sender(_)) => server.answer(&taken),
                Step::Ask(Ask::Recipient(to)) => {
                    let text = to.recipient.map_or_else(String::new, |recipient| recipient.text.to_string());
                    server.answer(&match text.split('@').next() {
                        Some("no") => Reply::new(550, Enhanced(5, 1, 1), "nobody of that name"),
                        Some("later") => Reply::new(451, Enhanced(4, 2, 1), "come back later"),
                        _ => taken,
                    });
                }
                Step::Ask(Ask::Message(message)) => {
                    take(*message);
                    server.answer_message(&[taken]);
                }
                Step::StartTls | Step::Close => return,
            }
        }
        match stream.read(&mut input) {
            Ok(0) | Err(_) => return,
            Ok(read) => server.receive(&input[..read]),
        }
    }
}
