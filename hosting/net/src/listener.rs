//! A listening socket: opened with an explicit backlog, or taken over from the process that started this one.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Bytes that the system holds for each client, before it doubles them.
const SEND_BUFFER: usize = 16 * 1024;
/// The most bytes of a segment. On loopback one could be larger than the buffer; the other side then waits for the rest of
/// it before it acknowledges, 40 ms each time.
#[cfg(target_os = "linux")]
const SEGMENT: u32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    /// Whether other processes hold it as well.
    is_shared: bool,
}

impl Listener {
    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Lets no new connection in; those that have begun still come to their end. Nothing changes for a socket that other
    /// processes hold.
    pub(crate) fn close_to_new(&self) {
        #[cfg(target_os = "linux")]
        if !self.is_shared {
            let _ = SockRef::from(&self.socket).attach_filter(&NO_SYN);
        }
    }

    /// Connections that the system has accepted and this process has not: closing the socket would reset them. Those of a
    /// socket that other processes hold are left to them.
    pub(crate) fn waiting(&self) -> Vec<TcpStream> {
        let next = || self.socket.accept().ok().map(|(stream, _)| stream);
        if self.is_shared { Vec::new() } else { std::iter::from_fn(next).collect() }
    }

    pub(crate) fn watched(&self) -> io::Result<tokio::net::TcpListener> {
        tokio::net::TcpListener::from_std(self.socket.try_clone()?)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A filter of packets that drops those with the flag SYN, by which a connection begins: load byte 13 of the TCP header, go
/// on to "drop" if bit 1 is set, else to "keep" (classic BPF, Steven McCanne and Van Jacobson, 1993).
#[cfg(target_os = "linux")]
const NO_SYN: [socket2::SockFilter; 4] = [
    socket2::SockFilter::new(0x30, 0, 0, 13),
    socket2::SockFilter::new(0x45, 0, 1, 0x02),
    socket2::SockFilter::new(0x06, 0, 0, 0),
    socket2::SockFilter::new(0x06, 0, 0, u32::MAX),
];

/// Binds `address` and listens, non-blocking, with room for `backlog` connections that wait to be accepted.
///
/// # Errors
/// What the system says: address in use, not available, not permitted.
pub fn listen(address: SocketAddr, backlog: i32) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT; a live listener still refuses a second one.
    socket.set_reuse_address(true)?;
    prepare(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(Listener { socket: socket.into(), is_shared: false })
}

/// The listening socket that the process got as its standard input, non-blocking: the process that started it holds the socket as
/// well, so that one process can take over from another without a connection refused.
///
/// # Errors
/// Standard input is no listening TCP socket.
pub fn inherited() -> io::Result<Listener> {
    let socket = Socket::from(io::stdin().as_fd().try_clone_to_owned()?);
    if !SockRef::from(&socket).is_listener().unwrap_or(false) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "standard input is no listening socket"));
    }
    prepare(&socket)?;
    Ok(Listener { socket: socket.into(), is_shared: true })
}

/// What every listener has, and accepted sockets inherit.
fn prepare(listener: &Socket) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    // What the system holds for a client that does not read escapes the write time-out: keep that small.
    listener.set_send_buffer_size(SEND_BUFFER)?;
    // Other systems take no such figure before there is a connection.
    #[cfg(target_os = "linux")]
    listener.set_tcp_mss(SEGMENT)?;
    Ok(())
}
