//! Coefficients of the error and gamma functions in float64.
//!
//! Coefficients come lowest power first.
//! Limits: each polynomial holds on the interval its comment names.
//! Source: written by `tools/generate.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(
    clippy::excessive_precision,
    clippy::approx_constant,
    clippy::unreadable_literal,
    reason = "generated"
)]

/// ½·log 2π in two parts.
pub(crate) const HALF_LOG_TWO_PI_HI: f64 = 0.9189385332046728;

/// ½·log 2π in two parts.
pub(crate) const HALF_LOG_TWO_PI_LO: f64 = -3.8782941580672414e-17;

/// Constant term of `ERF` in two parts.
pub(crate) const ERF_HI: f64 = 0.1283791670955126;

/// Constant term of `ERF` in two parts.
pub(crate) const ERF_LO: f64 = -1.242228080196615e-17;

/// erf(x)/x − 1 in x² for |x| ≤ 1; without the constant term; error 2^-63.53.
pub(crate) const ERF: [f64; 13] = [
    -0.37612638903183754,
    0.11283791670955216,
    -0.02686617064515248,
    0.005223977625690799,
    -0.0008548327040463497,
    0.00012055333720094617,
    -1.4925671601957712e-05,
    1.6462527673719285e-06,
    -1.6371268865129886e-07,
    1.4853766867120992e-08,
    -1.2530630667868505e-09,
    9.979338021565171e-11,
    -6.179190557298062e-12,
];

/// Constant term of `LOG_ERFC` in two parts.
pub(crate) const LOG_ERFC_HI: f64 = -1.8496055099332482;

/// Constant term of `LOG_ERFC` in two parts.
pub(crate) const LOG_ERFC_LO: f64 = -2.2921717404326232e-17;

/// log erfc(1 + t) for t from 0 to 5, weighted by erfc; without the constant term; error 2^-54.81.
pub(crate) const LOG_ERFC: [f64; 17] = [
    -2.638967514234787,
    -0.8431072563587906,
    -0.04156109803779854,
    0.01003382530730132,
    -0.001977901950960407,
    0.0002373190511633507,
    2.6290226010117614e-05,
    -2.7189343155851594e-05,
    9.660942038723545e-06,
    -2.12423328887335e-06,
    2.0110965769896887e-07,
    5.898124985582014e-08,
    -3.33837212102027e-08,
    8.415116567213921e-09,
    -1.2824000518272338e-09,
    1.1347261671958265e-10,
    -4.490507871362895e-12,
];

/// y·(log Γ(y) − (y − ½)·log y + y − ½·log 2π) in 1/y² for y ≥ 8; error 2^-64.5.
pub(crate) const STIRLING: [f64; 8] = [
    0.08333333333333333,
    -0.0027777777777666115,
    0.0007936507858417181,
    -0.0005952356802075831,
    0.0008413652152292871,
    -0.001884141400303144,
    0.004891149261869963,
    0.0016469953702887056,
];

/// Constant term of `SCALED_ERFC` in two parts.
pub(crate) const SCALED_ERFC_HI: f64 = 1.2329951186255526;

/// Constant term of `SCALED_ERFC` in two parts.
pub(crate) const SCALED_ERFC_LO: f64 = -4.625249878261709e-17;

/// (1 + 2x)·e^(x²)·erfc x in (x − 4)/(x + 4) for x from 0 to 27.5; without the constant term; error 2^-56.83.
pub(crate) const SCALED_ERFC: [f64; 27] = [
    -0.1396211168405625,
    0.015379652102620045,
    0.06809705425469036,
    -0.10103906603632569,
    0.09373283499845012,
    -0.06633036581161418,
    0.03716751553551023,
    -0.01619773406677736,
    0.00503196999912414,
    -0.0007577732087699554,
    -0.00019925683036157464,
    0.00015062122208674405,
    -2.439866523678725e-05,
    -1.1220314802400462e-05,
    5.708309487434318e-06,
    2.8940486203052404e-07,
    -8.23135408884211e-07,
    8.235894455994104e-08,
    1.0809078222183706e-07,
    -2.6980402225316018e-08,
    -1.390599618256476e-08,
    8.515371005287434e-09,
    2.4477669866143185e-09,
    -2.664924939381966e-09,
    -8.933288386589228e-10,
    3.8232467914083024e-10,
    1.6322810970323859e-10,
];

/// Constant term of `LOG_GAMMA` in two parts.
pub(crate) const LOG_GAMMA_HI: f64 = 0.4831289505409809;

/// Constant term of `LOG_GAMMA` in two parts.
pub(crate) const LOG_GAMMA_LO: f64 = 1.6840907580657012e-17;

/// log Γ(x)/((x − 1)·(x − 2)) in x − 3/2 for x from 0.9 to 2.15; without the constant term; error 2^-60.32.
pub(crate) const LOG_GAMMA: [f64; 25] = [
    -0.14595989591430608,
    0.06291140107456492,
    -0.03130848750101141,
    0.01679709863119273,
    -0.009425622448422684,
    0.005446457844091136,
    -0.0032120740793541427,
    0.0019229161566985918,
    -0.001164414422957335,
    0.0007115219306479911,
    -0.00043799582986772944,
    0.00027128115577181115,
    -0.00016888821033186533,
    0.00010559066397118124,
    -6.634701011253751e-05,
    4.195762038301232e-05,
    -2.6286672653485465e-05,
    1.6058952690753158e-05,
    -1.0831926419845987e-05,
    8.405636396028076e-06,
    -4.248409978970935e-06,
    2.5457261082544025e-07,
    -1.2946329084950994e-06,
    3.1685205983115626e-06,
    -1.5308781989779693e-06,
];
