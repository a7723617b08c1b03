//! A listening socket: opened with an explicit backlog, or taken over from the process that started this one.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Bytes that the system holds for each client, before it doubles them.
const SEND_BUFFER: usize = 16 * 1024;
/// The most bytes of a segment. On loopback one could be larger than the buffer; the other side then waits for the rest of
/// it before it acknowledges, 40 ms each time.
#[cfg(target_os = "linux")]
const SEGMENT: u32 = 4096;

/// Binds `address` and listens, non-blocking, with room for `backlog` connections that wait to be accepted.
///
/// # Errors
/// What the system says: address in use, not available, not permitted.
pub fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT; a live listener still refuses a second one.
    socket.set_reuse_address(true)?;
    prepare(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

/// The listening socket that the process got as its standard input, non-blocking: the process that started it holds the socket as
/// well, so that one process can take over from another without a connection refused.
///
/// # Errors
/// Standard input is no listening TCP socket.
pub fn inherited() -> io::Result<TcpListener> {
    let socket = Socket::from(io::stdin().as_fd().try_clone_to_owned()?);
    if !SockRef::from(&socket).is_listener().unwrap_or(false) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "standard input is no listening socket"));
    }
    prepare(&socket)?;
    Ok(socket.into())
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
