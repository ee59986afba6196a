//! Makes the container images that the tests need, also where no registry answers.
//!
//! The recipes are the Dockerfiles under `tests/images/`. They stand on a Debian: the official slim
//! image where the engine has it or can pull it, else one made here with debootstrap from Debian's
//! packages, which needs root on Debian or Ubuntu. The official PostgreSQL image is preferred to our
//! own where the engine can get it. An image carries a digest of its recipe as the label
//! `clonegate.recipe`, and is only built again when the recipe has changed.
//!
//! This module knows nothing of the tests. They look for `postgres:N` first and for
//! `clonegate-postgres:N` then, and take `clonegate-ssh:1`. `tests/images/README.md` says how they run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::install::{Install, apt_get, is_root};

/// Which images are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rebuild {
    /// Those that are missing, and those whose recipe has changed.
    Missing,
    /// All of them.
    All,
}

/// The label that carries the digest of an image's recipe.
const RECIPE: &str = "clonegate.recipe";

/// How long a pull may take before the registry counts as not answering.
const PULL_LIMIT: Duration = Duration::from_secs(180);

struct Image {
    name: &'static str,
    /// The folder under `tests/images/` with the Dockerfile.
    folder: &'static str,
    suite: &'static str,
    /// The PostgreSQL version that the suite has, for the image that wants one.
    major: Option<&'static str>,
    /// The image that is as good where the engine can get it.
    official: Option<&'static str>,
}

const IMAGES: [Image; 3] = [
    Image {
        name: "clonegate-postgres:15",
        folder: "postgres",
        suite: "bookworm",
        major: Some("15"),
        official: Some("postgres:15"),
    },
    Image {
        name: "clonegate-postgres:17",
        folder: "postgres",
        suite: "trixie",
        major: Some("17"),
        official: Some("postgres:17"),
    },
    Image { name: "clonegate-ssh:1", folder: "ssh", suite: "trixie", major: None, official: None },
];

/// Builds the images that the tests need. What it does goes to stderr, as it happens.
///
/// # Errors
/// When no engine answers, when a Debian can neither be pulled nor made on this machine, or when a
/// build fails. The message says what to do.
pub(crate) fn build(rebuild: Rebuild, install: Install) -> Result<()> {
    ensure_engine()?;
    let recipes = recipes()?;
    for image in &IMAGES {
        let context = recipes.join(image.folder);
        let digest = digest(image, &context)?;
        if rebuild == Rebuild::Missing {
            if label(image.name)?.as_deref() == Some(&digest) {
                say(&format!("{} is up to date", image.name));
                continue;
            }
            if let Some(official) = image.official
                && is_there_or_pulled(official)?
            {
                say(&format!("{official} is there, so {} is not needed", image.name));
                continue;
            }
        }
        let base = base(image.suite, install)?;
        say(&format!("building {} on {base}", image.name));
        build_image(image, &context, &base, &digest)?;
    }
    Ok(())
}

fn build_image(image: &Image, context: &Path, base: &str, digest: &str) -> Result<()> {
    let mut docker = Command::new("docker");
    docker.args(["build", "--tag", image.name, "--build-arg", &format!("BASE={base}")]);
    docker.args(["--label", &format!("{RECIPE}={digest}")]);
    if let Some(major) = image.major {
        docker.args(["--build-arg", &format!("MAJOR={major}")]);
    }
    // The classic builder is in every engine; the newer one is a plugin that may be missing, and
    // the client then refuses unless it is told not to look for it.
    if !answers("docker", ["buildx", "version"]) {
        docker.env("DOCKER_BUILDKIT", "0");
    }
    docker.arg(context);
    run(&mut docker).with_context(|| format!("can't build {}", image.name))
}

/// The Debian that an image stands on: pulled, or made here.
fn base(suite: &str, install: Install) -> Result<String> {
    let own = format!("clonegate-base:{suite}");
    if is_there(&own)? {
        return Ok(own);
    }
    let official = format!("debian:{suite}-slim");
    if is_there_or_pulled(&official)? {
        return Ok(official);
    }
    say(&format!("no registry answers for {official}; making {own} from Debian's packages"));
    bootstrap(suite, &own, install)?;
    Ok(own)
}

/// Makes a minimal Debian with debootstrap and imports it.
fn bootstrap(suite: &str, name: &str, install: Install) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux") && is_root(),
        "making {name} needs debootstrap, which needs root on Linux: run this as root on Debian or \
         Ubuntu, or where the engine can pull debian:{suite}-slim"
    );
    ensure_debootstrap(install)?;

    let root = Scratch::new(suite)?;
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.arg("--variant=minbase");
    let keyring = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    if keyring.exists() {
        debootstrap.arg(format!("--keyring={}", keyring.display()));
    }
    debootstrap.arg(suite).arg(&root.0);
    if let Some(mirror) = mirror() {
        debootstrap.arg(mirror);
    }
    // Its hundreds of lines are of use only when it fails.
    let output = debootstrap.stdin(Stdio::null()).output().context("can't start debootstrap")?;
    if !output.status.success() {
        let log = fs::read_to_string(root.0.join("debootstrap/debootstrap.log"));
        bail!(
            "debootstrap can't make {suite} ({}):\n{}{}",
            output.status,
            tail(&String::from_utf8_lossy(&output.stdout)),
            tail(&log.unwrap_or_default()),
        );
    }
    for folder in [
        "var/cache/apt",
        "var/lib/apt/lists",
        "usr/share/doc",
        "usr/share/man",
        "usr/share/info",
        "usr/share/locale",
    ] {
        empty(&root.0.join(folder))?;
    }

    let mut tar = Command::new("tar")
        .args(["--create", "--numeric-owner", "--one-file-system", "--directory"])
        .arg(&root.0)
        .arg(".")
        .stdout(Stdio::piped())
        .spawn()
        .context("can't start tar")?;
    let archive = tar.stdout.take().expect("stdout was asked for as a pipe");
    let import = Command::new("docker")
        .args(["import", "-", name])
        .stdin(archive)
        .stdout(Stdio::null())
        .status()
        .context("can't start docker import")?;
    let packed = tar.wait().context("can't wait for tar")?;
    ensure!(packed.success(), "tar failed on the new Debian: {packed}");
    ensure!(import.success(), "docker import of {name} failed: {import}");
    Ok(())
}

fn ensure_debootstrap(install: Install) -> Result<()> {
    if on_path("debootstrap") {
        return Ok(());
    }
    let missing = "debootstrap is needed to make a Debian without a registry";
    match install {
        Install::Forbidden => {
            bail!("{missing}: apt-get install debootstrap debian-archive-keyring")
        }
        Install::Allowed if !on_path("apt-get") => {
            bail!("{missing}, and apt-get is not here to install it: install debootstrap by hand")
        }
        Install::Allowed => apt_get(&["debootstrap", "debian-archive-keyring"], missing),
    }
}

/// The Debian mirror that this machine itself uses, if it is a Debian that uses one over HTTP.
/// Without one debootstrap takes its own default.
fn mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(folder.flatten().map(|entry| entry.path()));
    }
    files.sort();
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| mirror_in(&text))
}

fn mirror_in(sources: &str) -> Option<String> {
    sources
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        // Security updates and third-party packages are under other paths. HTTPS would need
        // certificates inside the new Debian before it has any.
        .find(|word| word.starts_with("http://") && word.trim_end_matches('/').ends_with("/debian"))
        .map(str::to_owned)
}

fn ensure_engine() -> Result<()> {
    let output = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output()
        .context("can't start docker: install its client, or run the tests without containers")?;
    ensure!(
        output.status.success(),
        "no container engine answers: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn is_there(image: &str) -> Result<bool> {
    Ok(inspect(image, "{{.Id}}")?.status.success())
}

fn is_there_or_pulled(image: &str) -> Result<bool> {
    Ok(is_there(image)? || pull(image)?)
}

/// Asks the registry, and gives up when it doesn't answer.
fn pull(image: &str) -> Result<bool> {
    let mut docker = Command::new("docker")
        .args(["pull", "--quiet", image])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("can't start docker pull")?;
    let begin = Instant::now();
    loop {
        if let Some(status) = docker.try_wait().context("can't wait for docker pull")? {
            return Ok(status.success());
        }
        if begin.elapsed() > PULL_LIMIT {
            docker.kill().context("can't end docker pull")?;
            docker.wait().context("can't wait for docker pull")?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The digest of the recipe that an image was built from, if it is there and was built here.
fn label(image: &str) -> Result<Option<String>> {
    let output = inspect(image, &format!("{{{{index .Config.Labels {RECIPE:?}}}}}"))?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

fn inspect(image: &str, format: &str) -> Result<Output> {
    Command::new("docker")
        .args(["image", "inspect", "--format", format, image])
        .output()
        .context("can't start docker image inspect")
}

/// A digest of everything that decides what an image becomes, except the Debian below it. It tells
/// recipes apart; nothing is trusted because of it.
fn digest(image: &Image, context: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(context)
        .with_context(|| format!("can't list {}", context.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let mut hash = Fnv::default();
    hash.write(image.suite.as_bytes());
    hash.write(image.major.unwrap_or_default().as_bytes());
    for file in files {
        hash.write(file.file_name().unwrap_or_default().as_encoded_bytes());
        hash.write(&fs::read(&file).with_context(|| format!("can't read {}", file.display()))?);
    }
    Ok(format!("{:016x}", hash.0))
}

/// FNV-1a: equal on every machine and with every compiler, which std's hasher does not promise.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// The length goes first, so that two fields can't be mistaken for one.
    fn write(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// A folder for a new Debian, in the build directory; removed with everything in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(suite: &str) -> Result<Self> {
        let name = format!("clonegate-image-{suite}-{}", std::process::id());
        // Not the temporary folder: it may be in memory, or mounted without device files.
        let path = checkout()?.join("target").join(name);
        fs::create_dir_all(&path).with_context(|| format!("can't make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // debootstrap leaves /proc and /sys mounted when it is ended in the middle, and a removal
        // must never walk into the machine's own.
        for mount in self.mounts() {
            let _ = Command::new("umount").arg(&mount).stderr(Stdio::null()).status();
        }
        if self.mounts().is_empty() {
            if let Err(error) = fs::remove_dir_all(&self.0) {
                say(&format!("can't remove {}: {error}", self.0.display()));
            }
        } else {
            say(&format!("{} is left: unmount what is in it first", self.0.display()));
        }
    }
}

impl Scratch {
    /// What is mounted inside the folder, the innermost first.
    fn mounts(&self) -> Vec<PathBuf> {
        let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut inside: Vec<PathBuf> = table
            .lines()
            .filter_map(|line| line.split(' ').nth(1))
            .map(|path| PathBuf::from(path.replace("\\040", " ")))
            .filter(|path| path.starts_with(&self.0))
            .collect();
        inside.sort();
        inside.reverse();
        inside
    }
}

fn checkout() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(package.parent().context("xtask has no folder above it")?.to_path_buf())
}

fn recipes() -> Result<PathBuf> {
    Ok(checkout()?.join("tests").join("images"))
}

/// Removes what a folder holds, and keeps the folder.
fn empty(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn answers<const N: usize>(program: &str, arguments: [&str; N]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command whose output is kept for the case that it fails.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let verb = command.get_args().next().unwrap_or(OsStr::new("")).to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't start {name} {verb}"))?;
    ensure!(
        output.status.success(),
        "{name} {verb} failed ({}):\n{}{}",
        output.status,
        tail(&String::from_utf8_lossy(&output.stdout)),
        tail(&String::from_utf8_lossy(&output.stderr)),
    );
    Ok(())
}

/// The last lines of an output, which say why it failed.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].iter().map(|line| format!("  {line}\n")).collect()
}

#[allow(clippy::print_stderr)] // A chore's progress, for the person who started it.
fn say(what: &str) {
    eprintln!("images: {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_mirror_of_this_machine_but_not_its_security_or_third_party_sources() {
        let sources = "Types: deb\nURIs: http://security.example/debian-security\n\n\
                       Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n";
        assert_eq!(mirror_in(sources).as_deref(), Some("http://mirror.example/debian/"));
        assert_eq!(
            mirror_in("# deb http://old.example/debian x main\ndeb [arch=amd64] http://new.example/debian bookworm main").as_deref(),
            Some("http://new.example/debian"),
        );
        assert_eq!(mirror_in("URIs: https://secure.example/debian\n"), None);
        assert_eq!(mirror_in("URIs: http://archive.example/ubuntu\n"), None);
    }

    #[test]
    fn a_digest_tells_fields_apart() {
        let mut one = Fnv::default();
        one.write(b"ab");
        one.write(b"c");
        let mut other = Fnv::default();
        other.write(b"a");
        other.write(b"bc");
        assert_ne!(one.0, other.0);
    }

    #[test]
    fn every_image_has_its_recipe() {
        for image in &IMAGES {
            let context = recipes().unwrap().join(image.folder);
            assert!(context.join("Dockerfile").is_file(), "{}", image.name);
            digest(image, &context).unwrap();
        }
    }
}
