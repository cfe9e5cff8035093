//! A connection with or without encryption, and reading and writing with time-outs.

use openssl::ssl::{Ssl, SslAcceptor, SslRef};
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

/// Octets read at a time.
const READ_BYTES: usize = 32 << 10;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub enum Transport {
    /// In clear.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<SslStream<TcpStream>>),
    /// Lost, in a handshake that failed.
    Gone,
}

impl Transport {
    /// Reads what is there into a buffer, which is emptied first, and says how much it was; 0 is the end.
    pub async fn read(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> io::Result<usize> {
        buffer.clear();
        buffer.reserve(READ_BYTES);
        let read = async {
            match self {
                Transport::Plain(stream) => stream.read_buf(buffer).await,
                Transport::Tls(stream) => stream.read_buf(buffer).await,
                Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        timeout(wait, read).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes all of it.
    pub async fn write(&mut self, bytes: &[u8], wait: Duration) -> io::Result<()> {
        let write = async {
            match self {
                Transport::Plain(stream) => stream.write_all(bytes).await,
                Transport::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        timeout(wait, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether anything has come already, without reading it; waits as long as it is told.
    pub async fn has_input(&self, wait: Duration) -> bool {
        let stream = match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.get_ref(),
            Transport::Gone => return false,
        };
        timeout(wait, stream.readable()).await.is_ok_and(|ready| ready.is_ok())
    }

    /// Makes the handshake as the server.
    pub async fn accept(self, acceptor: &SslAcceptor) -> io::Result<Transport> {
        let Transport::Plain(stream) = self else { return Ok(self) };
        let ssl = Ssl::new(acceptor.context())?;
        let mut stream = SslStream::new(ssl, stream)?;
        let made = timeout(HANDSHAKE, Pin::new(&mut stream).accept()).await;
        made.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map_err(io::Error::other)?;
        Ok(Transport::Tls(Box::new(stream)))
    }

    /// Makes the handshake as the client.
    pub async fn connect(self, ssl: Ssl) -> io::Result<Transport> {
        let Transport::Plain(stream) = self else { return Ok(self) };
        let mut stream = SslStream::new(ssl, stream)?;
        let made = timeout(HANDSHAKE, Pin::new(&mut stream).connect()).await;
        let made = made.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        made.map_err(|error| io::Error::other(with_reason(&error.to_string(), stream.ssl())))?;
        Ok(Transport::Tls(Box::new(stream)))
    }

    /// Closes it: the end is told, and what the other side still sends is not waited for.
    pub async fn close(mut self) {
        let close = async {
            match &mut self {
                Transport::Plain(stream) => drop(stream.shutdown().await),
                Transport::Tls(stream) => drop(stream.shutdown().await),
                Transport::Gone => {}
            }
        };
        let _ = timeout(Duration::from_secs(1), close).await;
    }
}

/// An error of a handshake, with what was wrong with the server's certificate where that was it.
fn with_reason(error: &str, ssl: &SslRef) -> String {
    let error = error.trim_end();
    match error.contains("certificate verify failed") {
        true => format!("{error} {}", ssl.verify_result().error_string()),
        false => error.to_string(),
    }
}
