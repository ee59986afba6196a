//! Topologies in containers, with a real sshd and a real `docker exec`. All of them need an engine.
