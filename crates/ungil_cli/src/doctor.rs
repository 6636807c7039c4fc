//! `ungil doctor`: what the compiler found on this machine, and why.

use ungil_driver::cache::Cache;

/// What the extension module knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    pub version: String,
    pub build: String,
    pub python: String,
    pub numpy: String,
    pub cpu: String,
    /// LLVM's feature string: `+avx2,-avx512f,…`.
    pub features: String,
    pub affinity: i64,
    pub quota: Option<i64>,
    pub variable: Option<(String, i64)>,
    pub threads: i64,
}

/// Features worth naming: they decide how wide and how fast loops are.
const NAMED: &[&str] =
    &["sse4.2", "avx", "avx2", "fma", "bmi2", "avx512f", "avx512dq", "avx512vl", "avx512bw"];

/// The report.
pub fn report(facts: &Facts, cache: &Cache) -> String {
    let has = |name: &&&str| facts.features.split(',').any(|f| f.strip_prefix('+') == Some(**name));
    let features: Vec<&str> = NAMED.iter().filter(has).copied().collect();
    let usage = cache.usage();
    let directory = match cache.directory() {
        Some(d) if cache.is_off() => format!("{} (switched off: not usable)", d.display()),
        Some(d) => d.display().to_string(),
        None => "none: kernels live in memory".to_owned(),
    };
    format!(
        "ungil      {} (build {})\npython     {}, NumPy {}\nprocessor  {}\nfeatures   {}\nthreads    {}: {}\ncache      {}\n           {} entries, {}\n",
        facts.version,
        facts.build,
        facts.python,
        facts.numpy,
        facts.cpu,
        features.join(" "),
        facts.threads,
        reason(facts),
        directory,
        usage.entries,
        size(usage.bytes),
    )
}

/// Where the number of threads comes from.
fn reason(facts: &Facts) -> String {
    let machine = match facts.quota {
        Some(quota) if quota < facts.affinity => {
            format!("{quota} by the container's quota ({} processors allowed)", facts.affinity)
        }
        _ => format!("{} processors allowed by the affinity mask", facts.affinity),
    };
    match &facts.variable {
        Some((name, n)) => format!("{name}={n} ({machine})"),
        None => machine,
    }
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_what_decided() {
        let mut facts = Facts {
            version: "1".into(),
            build: "b".into(),
            python: "3".into(),
            numpy: "2".into(),
            cpu: "generic".into(),
            features: "+avx2,-avx512f,+fma".into(),
            affinity: 8,
            quota: Some(2),
            variable: None,
            threads: 2,
        };
        assert_eq!(reason(&facts), "2 by the container's quota (8 processors allowed)");
        facts.variable = Some(("OMP_NUM_THREADS".into(), 4));
        assert_eq!(reason(&facts), "OMP_NUM_THREADS=4 (2 by the container's quota (8 processors allowed))");
        let report = report(&facts, &Cache::new(None, 0));
        assert!(report.contains("features   avx2 fma\n"), "{report}");
    }
}
