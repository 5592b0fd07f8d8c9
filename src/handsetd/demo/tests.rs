use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn all_calls_succeed_and_every_phone_is_drawn() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        asterisk: None,
        pictures: folder.path().to_owned(),
        stay: false,
    };
    let mut transcript = Vec::new();
    let succeeded = run(&options, &mut transcript).await.unwrap();
    let transcript = String::from_utf8(transcript).unwrap();
    assert!(succeeded, "{transcript}");
    assert!(transcript.contains("12 of 12 calls"), "{transcript}");
    // Features that were never tried on a real phone are marked.
    assert!(
        transcript.contains("unverified on real phones"),
        "{transcript}"
    );
    for vendor in ["cisco", "snom", "yealink"] {
        let picture = image::open(folder.path().join(format!("{vendor}.png"))).unwrap();
        assert!(picture.width() > 300);
    }
}
