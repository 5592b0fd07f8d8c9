use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_phone_shows_rings_and_changes() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        asterisk: None,
        pictures: folder.path().to_owned(),
    };
    let mut told = Vec::new();
    let good = run(&options, &mut told).await.unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(good, "{told}");
    assert!(told.contains("12 of 12 calls"), "{told}");
    // Where nobody has tried it on a real phone, the demo says so.
    assert!(told.contains("unproven on real phones"), "{told}");
    for vendor in ["cisco", "snom", "yealink"] {
        let picture = image::open(folder.path().join(format!("{vendor}.png"))).unwrap();
        assert!(picture.width() > 300);
    }
}
