use std::os::unix::fs::PermissionsExt;

use super::*;

fn editor(user: &str) -> Editor {
    Editor {
        user: user.to_owned(),
        is_admin: user == "admin",
    }
}

fn request(text: &str) -> (String, Vec<(String, String)>) {
    let keys = vec![("text".to_owned(), text.to_owned())];
    ("push".to_owned(), keys)
}

async fn save(favourites: &Favourites, user: &str, name: &str, text: &str) -> Result<u64, Error> {
    let name = Name::parse(name)?;
    favourites
        .save(editor(user), name, request(text), false)
        .await
}

async fn names(favourites: &Favourites) -> Vec<String> {
    let all = favourites.list().await.unwrap();
    all.into_iter().map(|favourite| favourite.name).collect()
}

#[tokio::test]
async fn favourites_are_shared_and_changed_by_their_users_and_administrators() {
    let folder = tempfile::tempdir().unwrap();
    let favourites = Favourites::new(folder.path());
    assert!(names(&favourites).await.is_empty());
    let lunch = save(&favourites, "ann", "Lunch", "Soup").await.unwrap();
    save(&favourites, "bob", "door", "Open").await.unwrap();
    // Another process, or a restart.
    let favourites = Favourites::new(folder.path());
    assert_eq!(names(&favourites).await, ["door", "Lunch"]);
    let mode = std::fs::metadata(folder.path().join("favourites.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);

    let bob = save(&favourites, "bob", "LUNCH", "Pie").await;
    assert!(matches!(bob, Err(Error::Taken(..))), "{bob:?}");
    let ann = save(&favourites, "ann", "lunch", "Pie").await;
    assert!(matches!(ann, Err(Error::TakenByOneself(_))), "{ann:?}");
    let name = || Name::parse("Dinner").unwrap();
    let bob = favourites.rename(editor("bob"), lunch, name()).await;
    assert!(matches!(bob, Err(Error::Forbidden(..))), "{bob:?}");
    let bob = favourites.delete(editor("bob"), lunch).await;
    assert!(matches!(bob, Err(Error::Forbidden(..))), "{bob:?}");
    let taken = Name::parse("DOOR").unwrap();
    let ann = favourites.rename(editor("ann"), lunch, taken).await;
    assert!(matches!(ann, Err(Error::Taken(..))), "{ann:?}");

    let replaced = favourites
        .save(
            editor("ann"),
            Name::parse("lunch").unwrap(),
            request("Pie"),
            true,
        )
        .await;
    assert_eq!(replaced.unwrap(), lunch);
    favourites
        .rename(editor("ann"), lunch, name())
        .await
        .unwrap();
    assert_eq!(names(&favourites).await, ["Dinner", "door"]);
    let all = favourites.list().await.unwrap();
    assert_eq!(all[0].keys, request("Pie").1);
    assert_eq!(
        favourites.delete(editor("admin"), lunch).await.unwrap(),
        "Dinner"
    );
    let again = favourites.delete(editor("admin"), lunch).await;
    assert!(matches!(again, Err(Error::Unknown)), "{again:?}");
}

#[tokio::test]
async fn favourites_are_bounded_and_keep_no_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let favourites = Favourites::new(folder.path());
    let long = save(&favourites, "ann", "long", &"x".repeat(MAX_VALUES)).await;
    assert!(matches!(long, Err(Error::TooLong(_))), "{long:?}");
    for (key, value) in [
        ("password", "1234"),
        ("set", "user_pass1=1234"),
        ("text", "see http://ann:1234@192.0.2.1/"),
    ] {
        let keys = vec![(key.to_owned(), value.to_owned())];
        let name = Name::parse("secret").unwrap();
        let saved = favourites
            .save(editor("ann"), name, ("push".to_owned(), keys), false)
            .await;
        assert!(matches!(saved, Err(Error::Secret(_))), "{key}: {saved:?}");
    }
    // As many as one user may have, written at once.
    let all: Vec<Favourite> = (0..MAX_FAVOURITES)
        .map(|at| Favourite {
            id: u64::try_from(at).unwrap(),
            name: format!("favourite {at}"),
            user: format!("user {}", at / MAX_EACH),
            verb: "push".to_owned(),
            keys: request("\u{1}").1,
        })
        .collect();
    let store = |all: &[Favourite]| {
        let file = folder.path().join("favourites.json");
        std::fs::write(file, serde_json::to_vec(all).unwrap()).unwrap();
    };
    store(&all[..MAX_EACH]);
    let own = save(&favourites, "user 0", "one more", "Soup").await;
    assert!(matches!(own, Err(Error::OwnFull)), "{own:?}");
    save(&favourites, "ann", "one more", "Soup").await.unwrap();
    store(&all);
    let full = save(&favourites, "ann", "one more", "Soup").await;
    assert!(matches!(full, Err(Error::Full)), "{full:?}");
    // All at their maximum can be read again.
    let longest: Vec<Favourite> = all
        .into_iter()
        .map(|favourite| Favourite {
            name: "\u{10ffff}".repeat(name::MAX_LENGTH),
            keys: request(&"\u{1}".repeat(MAX_VALUES)).1,
            ..favourite
        })
        .collect();
    store(&longest);
    assert_eq!(favourites.list().await.unwrap().len(), MAX_FAVOURITES);
}

#[tokio::test]
async fn unusable_file_is_reported_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let favourites = Favourites::new(folder.path());
    let file = folder.path().join("favourites.json");
    for damaged in ["", "[{}]", "{", "[{\"id\": 1, \"name\": 2}]"] {
        std::fs::write(&file, damaged).unwrap();
        assert!(matches!(favourites.list().await, Err(Error::File(_))));
        let saved = save(&favourites, "ann", "Lunch", "Soup").await;
        assert!(matches!(saved, Err(Error::File(_))), "{saved:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), damaged);
    }
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &file).unwrap();
    let saved = save(&favourites, "ann", "Lunch", "Soup").await;
    assert!(matches!(saved, Err(Error::File(_))), "{saved:?}");
    assert!(!folder.path().join("elsewhere").exists());
    // Changes at the same time lose none.
    std::fs::remove_file(&file).unwrap();
    let changes = (0..20).map(|at| {
        let favourites = favourites.clone();
        async move { save(&favourites, "ann", &format!("number {at}"), "Soup").await }
    });
    for saved in futures_util::future::join_all(changes).await {
        saved.unwrap();
    }
    let all = favourites.list().await.unwrap();
    let ids: std::collections::BTreeSet<u64> = all.iter().map(|favourite| favourite.id).collect();
    assert_eq!((all.len(), ids.len()), (20, 20));
}
