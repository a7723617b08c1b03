//! Accepts connections while there is room and turns the rest away.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::stream::Stream;
use crate::{Answer, Limits, Listener, Slots, Tls, connection};

/// Pauses before the last looks at what waits: a handshake that has begun takes as long as the way to the client and back.
const LAST_LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(45)];

/// What a client reads when there is no place for its connection.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\ncontent-length: 84\r\nretry-after: 1\r\nconnection: close\r\n\r\n\
    {\"code\":\"too_many_connections\",\"message\":\"no connection is free, try again in 1 s\"}\n";

/// Serves a listener until `stop` turns true, then closes it with what waits there; connections that are open go on by
/// themselves.
pub(crate) async fn accept(
    (listener, watched): (Listener, TcpListener),
    answer: Arc<impl Answer>,
    limits: Arc<Limits>,
    (slots, tls): (Arc<Slots>, Option<Arc<Tls>>),
    mut stop: watch::Receiver<bool>,
) {
    let told = stop.clone();
    let serve = |stream: TcpStream, peer: IpAddr| {
        let clock = Arc::new(Clock::new(&limits));
        match slots.take(peer, &clock) {
            Some(slot) => {
                let (answer, limits, stop) = (Arc::clone(&answer), Arc::clone(&limits), told.clone());
                let tls = tls.clone();
                tokio::spawn(async move {
                    // Small answers must not wait for the client's delayed acknowledgement.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY was refused");
                    }
                    let stream = match tls {
                        None => Some(Stream::Plain(stream)),
                        Some(tls) => secured(&tls, stream, (&limits, &clock)).await,
                    };
                    if let Some(stream) = stream {
                        connection::serve(stream, answer, (&limits, clock), stop).await;
                    }
                    drop(slot);
                });
            }
            None if tls.is_none() => turn_away(&stream),
            None => {}
        }
    };
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = watched.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => serve(stream, peer.ip()),
            Err(error) => {
                // Out of descriptors, or a client that left early: what is open may close meanwhile.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(watched);
    listener.close_to_new();
    for pause in LAST_LOOKS {
        tokio::time::sleep(pause).await;
        for stream in listener.waiting() {
            let accepted = stream.set_nonblocking(true).and_then(|()| stream.peer_addr().map(|peer| peer.ip()));
            if let Ok(peer) = accepted
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                serve(stream, peer);
            }
        }
    }
}

/// The stream once the client and we agree on keys, which must not take longer than a head.
async fn secured(tls: &Tls, stream: TcpStream, (limits, clock): (&Limits, &Clock)) -> Option<Stream> {
    tokio::select! {
        secured = tokio::time::timeout(limits.header, tls.accept(stream)) => Some(Stream::Tls(Box::new(secured.ok()??))),
        () = clock.given_way() => None,
    }
}

/// One try to say why; the socket closes either way.
fn turn_away(stream: &TcpStream) {
    let said = stream.try_write(FULL);
    tracing::debug!(said = said.is_ok(), "connection refused: every slot is taken");
}

#[cfg(test)]
mod tests {
    use super::FULL;

    #[test]
    fn the_refusal_states_its_own_length() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "the body has {} bytes", body.len());
    }
}
