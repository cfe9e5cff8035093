//! A client that says line after line, and hears each reply.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A session of a client.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects, and says EHLO.
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut client = Client { stream: BufReader::new(stream) };
        client.hear()?;
        client.say("EHLO client.example")?;
        Ok(client)
    }

    /// Says a line, and hears the reply: its last line.
    pub fn say(&mut self, line: &str) -> io::Result<String> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.hear()
    }

    fn hear(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line.trim_end().to_string());
            }
        }
    }

    /// Sends a message; gives the first reply that refuses, or the last one.
    pub fn send(&mut self, from: &str, to: &[&str], content: &str) -> io::Result<String> {
        let mut last = self.say(&format!("MAIL FROM:<{from}>"))?;
        for to in to {
            if last.starts_with('2') {
                last = self.say(&format!("RCPT TO:<{to}>"))?;
            }
        }
        if last.starts_with('2') {
            last = self.say("DATA")?;
        }
        if last.starts_with('3') {
            self.stream.get_mut().write_all(content.as_bytes())?;
            last = self.say(if content.ends_with("\r\n") { "." } else { "\r\n." })?;
        }
        if !last.starts_with('2') {
            self.say("RSET")?;
        }
        Ok(last)
    }
}

/// Sends one message over a connection of its own.
pub fn send(address: SocketAddr, from: &str, to: &[&str], content: &str) -> String {
    Client::connect(address).and_then(|mut client| client.send(from, to, content)).unwrap()
}

/// A message with a subject and a text.
pub fn message(from: &str, to: &str, subject: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@client.example>\r\n\r\n{text}\r\n"
    )
}
