//! Several variables at once.

use super::*;

#[tokio::test(start_paused = true)]
async fn variables_are_set_with_one_command() {
    let (mut channel, mut far) = opened().await;
    let variables = [("A", "a"), ("B", "b")];
    let (done, line) = tokio::join!(
        channel.set_variables(&variables),
        respond(&mut far, "200 result=0\n")
    );
    done.unwrap();
    assert_eq!(line, "EXEC \"MSet\" \"A=a,B=b\"\n");
}

#[tokio::test(start_paused = true)]
async fn variables_are_set_one_by_one_where_the_application_is_missing() {
    for missing in [
        "200 result=-2\n",
        "510 Invalid or unknown command\n",
        "511 Command Not Permitted on a dead channel or intercept routine\n",
        "520-Invalid command syntax.\nUsage: EXEC\n520 End of proper usage.\n",
        "200 result=1\n",
        "200 nonsense\n",
    ] {
        let (mut channel, mut far) = opened().await;
        let peer = async {
            respond(&mut far, missing).await;
            let first = respond(&mut far, "200 result=1\n").await;
            first + &respond(&mut far, "200 result=1\n").await
        };
        let variables = [("A", "a"), ("B", "b")];
        let (done, lines) = tokio::join!(channel.set_variables(&variables), peer);
        done.unwrap();
        let expected = "SET VARIABLE \"A\" \"a\"\nSET VARIABLE \"B\" \"b\"\n";
        assert_eq!(lines, expected, "{missing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn peer_that_cannot_confirm_receives_each_variable() {
    let (mut channel, mut far) = opened().await;
    far.get_mut().shutdown().await.unwrap();
    let set = channel.set_variables(&[("A", "a"), ("B", "b")]).await;
    assert!(matches!(set, Err(Error::Closed)));
    drop(channel);
    let mut lines = String::new();
    far.read_to_string(&mut lines).await.unwrap();
    let expected = "SET VARIABLE \"A\" \"a\"\nSET VARIABLE \"B\" \"b\"\n";
    assert_eq!(lines, expected);
}
