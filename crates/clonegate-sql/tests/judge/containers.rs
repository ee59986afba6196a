//! The sweep and the honest queries on the servers of the images that `cargo xtask images` makes.

use clonegate_sandbox::ContainerServer;

#[tokio::test]
async fn every_function_operator_and_type_of_the_servers_in_containers_is_classified() {
    for major in [15, 17] {
        let name = format!("clonegate-judge-{major}-{}", std::process::id());
        let image = format!("clonegate-postgres:{major}");
        let server = ContainerServer::start(&name, &name, Some(&image), &[])
            .await
            .expect("the server starts");
        let wrong = crate::sweep::unclassified(&server.psql()).await;
        assert!(wrong.is_empty(), "{major}: {}", wrong.join("\n"));
        crate::honest::run_all(&server.psql(), major).await;
    }
}
