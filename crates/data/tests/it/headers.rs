//! Header lines of public data sets: which column is user, item, value and time. One line a set.

use std::ops::ControlFlow;

use foretaste_data::interactions::{ColumnsRead, ReadError, ReadOptions, Weights, read_interactions};
use foretaste_data::table::Source;

/// Reads a header with made-up rows of ones below it.
fn columns(header: &str, options: &ReadOptions) -> Result<ColumnsRead, ReadError> {
    let separator = [",", ";", "\t"].into_iter().max_by_key(|separator| header.matches(separator).count()).unwrap();
    let row = header.split(separator).map(|_| "1").collect::<Vec<_>>().join(separator);
    let text = format!("{header}\n{row}\n{row}\n");
    match read_interactions(Source::bytes(text), options, &mut |_| ControlFlow::Continue(())) {
        Ok((_, report)) => Ok(report.columns),
        Err(ReadError::Empty { report, .. }) => Ok(report.columns),
        Err(error) => Err(error),
    }
}

fn told(columns: &ColumnsRead) -> [usize; 4] {
    let at = |column: &Option<_>| {
        column.as_ref().map_or(0, |column: &foretaste_data::interactions::ColumnRead| column.position)
    };
    [columns.user.position, columns.item.position, at(&columns.value), at(&columns.time)]
}

/// Name of the set, its header, and the columns of user, item, value and time from 1, 0 where there is none.
const SETS: [(&str, &str, [usize; 4]); 33] = [
    ("Retailrocket", "timestamp,visitorid,event,itemid,transactionid", [2, 4, 0, 1]),
    (
        "Online Retail",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        [7, 2, 4, 5],
    ),
    ("Online Retail II", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country", [7, 2, 4, 5]),
    ("H&M", "t_dat,customer_id,article_id,price,sales_channel_id", [2, 3, 0, 1]),
    ("Last.fm plays", "user,artist,plays", [1, 2, 3, 0]),
    ("Last.fm hetrec", "userID\tartistID\tweight", [1, 2, 3, 0]),
    ("Last.fm tags", "userID\tartistID\ttagID\ttimestamp", [1, 2, 0, 4]),
    ("Book-Crossing", "\"User-ID\";\"ISBN\";\"Book-Rating\"", [1, 2, 3, 0]),
    ("Anime", "user_id,anime_id,rating", [1, 2, 3, 0]),
    (
        "MyAnimeList",
        "username,anime_id,my_watched_episodes,my_start_date,my_finish_date,my_score,my_status,my_rewatching,\
         my_rewatching_ep,my_last_updated,my_tags",
        [1, 2, 6, 10],
    ),
    ("MyAnimeList, short", "username,anime_id,my_score", [1, 2, 3, 0]),
    ("Yelp", "review_id,user_id,business_id,stars,useful,funny,cool,text,date", [2, 3, 4, 9]),
    ("KuaiRec", "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio", [1, 2, 8, 7]),
    ("Steam recommendations", "app_id,helpful,funny,date,is_recommended,hours,user_id,review_id", [7, 1, 6, 4]),
    ("Steam play times", "user_id,item_id,playtime_forever", [1, 2, 3, 0]),
    ("Steam 200k", "user-id,game-title,behavior-name,value", [1, 2, 4, 0]),
    ("Goodbooks", "user_id,book_id,rating", [1, 2, 3, 0]),
    ("Goodbooks, first edition", "book_id,user_id,rating", [2, 1, 3, 0]),
    ("Goodbooks to read", "user_id,book_id", [1, 2, 0, 0]),
    ("RecBole", "user_id:token\titem_id:token\trating:float\ttimestamp:float", [1, 2, 3, 4]),
    ("RecBole, other order", "item_id:token\tuser_id:token\ttimestamp:float\trating:float", [2, 1, 4, 3]),
    ("MovieLens", "userId,movieId,rating,timestamp", [1, 2, 3, 4]),
    ("Netflix", "Movie_Id,Cust_Id,Rating,Date", [2, 1, 3, 4]),
    (
        "Last.fm 1K",
        "userid\ttimestamp\tmusicbrainz-artist-id\tartist-name\tmusicbrainz-track-id\ttrack-name",
        [1, 5, 0, 2],
    ),
    ("CiteULike", "user.id,raw.doc.id", [1, 2, 0, 0]),
    ("Amazon 2014", "reviewerID,asin,overall,unixReviewTime", [1, 2, 3, 4]),
    ("Amazon 2023", "user_id,parent_asin,rating,timestamp", [1, 2, 3, 4]),
    (
        "REES46",
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session",
        [8, 3, 0, 1],
    ),
    ("Diginetica", "sessionId;userId;itemId;timeframe;eventdate", [2, 3, 0, 5]),
    ("Yoochoose", "session_id,timestamp,item_id,category", [1, 3, 0, 2]),
    ("Food.com", "user_id,recipe_id,date,rating,review", [1, 2, 4, 3]),
    ("Goodreads", "user_id,book_id,is_read,rating,is_reviewed", [1, 2, 4, 0]),
    ("Taobao", "user_id,item_id,category_id,behavior_type,timestamp", [1, 2, 0, 5]),
];

#[test]
fn the_columns_of_public_data_sets_are_known() {
    for (name, header, expected) in SETS {
        let columns = columns(header, &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(told(&columns), expected, "{name}");
        let separators = header.matches([',', ';', '\t']).count();
        let read = expected.iter().filter(|&&at| at > 0).count();
        assert_eq!(columns.ignored.len() + read, separators + 1, "{name}: every column is read or said to be ignored");
    }
}

#[test]
fn words_are_taken_from_the_column_of_events() {
    let options = ReadOptions { value: Weights::parse("view=1").ok(), ..ReadOptions::default() };
    for (name, header, value) in [
        ("Retailrocket", SETS[0].1, 3),
        ("REES46", "event_time,event_type,product_id,user_id", 2),
        ("Taobao", "user_id,item_id,category_id,behavior_type,timestamp", 4),
    ] {
        assert_eq!(told(&columns(header, &options).unwrap())[2], value, "{name}");
    }
}

#[test]
fn a_refused_header_names_the_flag_and_the_likeliest_column() {
    let weights = ReadOptions { value: Weights::parse("view=1").ok(), ..ReadOptions::default() };
    let default = ReadOptions::default();
    for (header, options, part) in [
        ("user_id,Product SKU,rating", &default, "if it is `Product SKU`, add `--item-column 'Product SKU'`"),
        ("cust_nr,item_id,rating", &default, "if it is `cust_nr`, add `--user-column cust_nr`"),
        ("user,item,note", &default, "if it is `note`, add `--rating-column note`"),
        ("user,item,kind_of_event", &weights, "if it is `kind_of_event`, add `--rating-column kind_of_event`"),
        ("user,a,b,c", &default, "name it with `--item-column COLUMN`"),
    ] {
        let error = columns(header, options).unwrap_err().to_string();
        assert!(error.contains(part), "{header}: {error}");
    }
}

#[test]
fn names_that_hint_at_another_role_than_their_place_are_refused() {
    let default = ReadOptions::default();
    for (header, part) in [
        ("my_item_id,my_user_id,my_rating", "if it is `my_user_id`, add `--user-column my_user_id`"),
        ("r.movieId,r.userId,r.rating", "`--user-column r.userId`"),
        ("ItemKey,UserKey,Points", "`--user-column UserKey`"),
        ("rating_given,user_key,item_key", "`--user-column user_key`"),
        ("user_key,points_given,item_key", "`--item-column item_key`"),
        ("artikel_nr,kunden_nr,menge", "--user-column"),
        ("pelicula,usuario,puntuacion", "--user-column"),
        ("i,u,r", "--user-column"),
        ("timestamp,who,what,how", "`--user-column who`"),
    ] {
        let error = columns(header, &default).map(|columns| told(&columns)).unwrap_err().to_string();
        assert!(error.contains(part), "{header}: {error}");
    }
    for header in ["my_user_id,my_item_id,my_rating", "kunde,artikel,menge", "u,i,r", "V1,V2,V3", "this,that,other"] {
        assert_eq!(told(&columns(header, &default).unwrap())[..3], [1, 2, 3], "{header}");
    }
}

#[test]
fn a_typed_header_is_known_in_any_order() {
    for kind in
        [":token", ": int", "::int", "|int", " (int)", "[int]", "<int>", " INTEGER", ".int64", "_int", ":INT NOT NULL"]
    {
        let header = format!("rating{kind},item_id{kind},user_id{kind}");
        assert_eq!(told(&columns(&header, &ReadOptions::default()).unwrap()), [3, 2, 1, 0], "{header}");
    }
}

#[test]
fn a_column_has_one_role() {
    let options =
        ReadOptions { time_column: "rating".parse().ok(), rating_column: "3".parse().ok(), ..Default::default() };
    let error = columns("user,item,rating", &options).unwrap_err().to_string();
    assert!(error.contains("column 3") && error.contains("--time-column COLUMN"), "{error}");
}
